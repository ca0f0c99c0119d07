using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>
/// A hub of literal topics on a real TLS socket: it answers twin requests as IoT Hub does and keeps all that it is sent. It knows nothing of the product's own topic code.
/// </summary>
internal sealed class WireHub : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mdm-hub-");
    private readonly MqttServer _server;
    private readonly Channel<(string Topic, byte[] Body)> _published = Channel.CreateUnbounded<(string, byte[])>();
    private readonly Channel<ValidatingConnectionEventArgs> _connects = Channel.CreateUnbounded<ValidatingConnectionEventArgs>();

    private WireHub(int port)
    {
        Port = port;
        CaFile = Path.Combine(_folder.FullName, "ca.pem");
        File.WriteAllText(CaFile, TestAuthority.CaPem);
        MqttServerOptions options = new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithEncryptedEndpoint()
            .WithEncryptedEndpointBoundIPAddress(IPAddress.Loopback)
            .WithEncryptedEndpointBoundIPV6Address(IPAddress.None)
            .WithEncryptedEndpointPort(port)
            .WithEncryptionCertificate(TestAuthority.Server)
            .WithPersistentSessions()
            .Build();
        _server = new MqttServerFactory().CreateMqttServer(options);
        _server.ValidatingConnectionAsync += args =>
        {
            args.ReasonCode = Verdict;
            _connects.Writer.TryWrite(args);
            return Task.CompletedTask;
        };
        _server.InterceptingSubscriptionAsync += args =>
        {
            lock (Subscriptions)
            {
                Subscriptions.Add(args.TopicFilter.Topic);
            }

            return Task.CompletedTask;
        };
        _server.InterceptingPublishAsync += ReceiveAsync;
    }

    public int Port { get; }

    public string CaFile { get; }

    public string Twin { get; set; } = """{"desired":{"$version":4},"reported":{"$version":2}}""";

    /// <summary>Status and rest of the topic that a reported patch is answered with; null for no answer.</summary>
    public (int Status, string Query, string Body)? Report { get; set; } = (204, "&$version=3", "");

    public bool AnswerTwin { get; set; } = true;

    public MqttConnectReasonCode Verdict { get; set; } = MqttConnectReasonCode.Success;

    public List<string> Subscriptions { get; } = [];

    /// <summary>Everything that devices published, twin requests too.</summary>
    public ChannelReader<(string Topic, byte[] Body)> Published => _published.Reader;

    public ChannelReader<ValidatingConnectionEventArgs> Connects => _connects.Reader;

    public static async Task<WireHub> StartAsync()
    {
        // The library cannot say which port it was given, so one is found first; another process may take it in between.
        for (int attempt = 0; ; attempt++)
        {
            var hub = new WireHub(FreePort());
            try
            {
                await hub._server.StartAsync();
                return hub;
            }
            catch (Exception e) when (e is SocketException or IOException && attempt < 5)
            {
                await hub.DisposeAsync();
            }
        }
    }

    public Task SendAsync(string topic, string body = "") =>
        _server.InjectApplicationMessage(new InjectedMqttApplicationMessage(new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)),
        }));

    /// <summary>Cuts every device off.</summary>
    public async Task DropAsync()
    {
        foreach (MqttClientStatus client in await _server.GetClientsAsync())
        {
            await client.DisconnectAsync(new MqttServerClientDisconnectOptions());
        }
    }

    public async Task<int> CountClientsAsync() => (await _server.GetClientsAsync()).Count;

    public async ValueTask DisposeAsync()
    {
        if (_server.IsStarted)
        {
            await _server.StopAsync();
        }

        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private async Task ReceiveAsync(InterceptingPublishEventArgs args)
    {
        if (args.ClientId.Length == 0)
        {
            return;
        }

        args.ProcessPublish = false;
        string topic = args.ApplicationMessage.Topic;
        const string get = "$iothub/twin/GET/?$rid=";
        const string report = "$iothub/twin/PATCH/properties/reported/?$rid=";
        if (topic.StartsWith(get, StringComparison.Ordinal) && AnswerTwin)
        {
            await SendAsync($"$iothub/twin/res/200/?$rid={topic[get.Length..]}", Twin);
        }
        else if (topic.StartsWith(report, StringComparison.Ordinal) && Report is { } answer)
        {
            await SendAsync($"$iothub/twin/res/{answer.Status}/?$rid={topic[report.Length..]}{answer.Query}", answer.Body);
        }

        _published.Writer.TryWrite((topic, args.ApplicationMessage.Payload.ToArray()));
    }
}
