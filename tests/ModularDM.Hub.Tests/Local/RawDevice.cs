using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>A device that speaks MQTT by hand.</summary>
public sealed class RawDevice : IAsyncDisposable
{
    private static readonly TimeSpan Backstop = TimeSpan.FromSeconds(30);
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly Channel<(string Topic, string Body)> received = Channel.CreateUnbounded<(string, string)>();
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HubConnectionString connection;
    private readonly string caFile;
    private readonly TimeProvider time;

    public RawDevice(string connectionString, string caFile, TimeProvider time)
    {
        connection = HubConnectionString.Parse(connectionString);
        this.caFile = caFile;
        this.time = time;
        client.ApplicationMessageReceivedAsync += e =>
        {
            received.Writer.TryWrite((e.ApplicationMessage.Topic, Encoding.UTF8.GetString(e.ApplicationMessage.Payload.ToArray())));
            return Task.CompletedTask;
        };
        client.DisconnectedAsync += _ =>
        {
            received.Writer.TryComplete();
            closed.TrySetResult();
            return Task.CompletedTask;
        };
    }

    /// <summary>The device's id, or a module's with its device's before it.</summary>
    public string Id => connection.ModuleId is null ? connection.DeviceId! : $"{connection.DeviceId}/{connection.ModuleId}";

    public string Password(TimeSpan? life = null, string? key = null, string? resource = null) =>
        SasToken.Create(
            resource ?? (connection.ModuleId is null
                ? SasToken.DeviceResource(connection.HostName, connection.DeviceId!)
                : SasToken.ModuleResource(connection.HostName, connection.DeviceId!, connection.ModuleId)),
            key ?? connection.SharedAccessKey!, time.GetUtcNow() + (life ?? TimeSpan.FromHours(1)));

    public async Task ConnectAsync() => Assert.Equal(MqttClientConnectResultCode.Success, await TryConnectAsync());

    public async Task<MqttClientConnectResultCode> TryConnectAsync(
        string? password = null,
        string? clientId = null,
        string? userName = null,
        MqttProtocolVersion version = MqttProtocolVersion.V311,
        X509Certificate2? certificate = null,
        bool cleanSession = false,
        ushort keepAliveSeconds = 15,
        Uri? webSocket = null,
        MqttApplicationMessage? will = null)
    {
        HubEndpoint endpoint = connection.GetMqttEndpoint();
        var builder = new MqttClientOptionsBuilder();
        builder = webSocket is null
            ? builder.WithTcpServer(endpoint.Host, endpoint.Port)
            : builder.WithWebSocketServer(web => web.WithUri(webSocket.ToString()).WithSubProtocols(["mqtt"]));
        if (will is not null)
        {
            builder = builder.WithWillTopic(will.Topic).WithWillPayload(will.Payload.ToArray()).WithWillQualityOfServiceLevel(will.QualityOfServiceLevel);
        }

        MqttClientOptions options = builder
            .WithProtocolVersion(version)
            .WithClientId(clientId ?? Id)
            .WithCleanSession(cleanSession)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(keepAliveSeconds))
            .WithCredentials(
                userName ?? new MqttUserName(connection.HostName, connection.DeviceId!, connection.ModuleId, null, null, null).ToString(),
                password ?? (certificate is null ? Password() : null))
            .WithTlsOptions(tls => tls.UseTls().WithClientCertificates(certificate is null ? [] : new X509Certificate2Collection(certificate))
                .WithCertificateValidationHandler(e => Trust.IsIssuedBy((X509Certificate2)e.Certificate, caFile)))
            .Build();
        using var limit = new CancellationTokenSource(Backstop);
        return (await client.ConnectAsync(options, limit.Token)).ResultCode;
    }

    public Task SubscribeAllAsync() => SubscribeAsync(MqttTopics.TwinResponseFilter, MqttTopics.DesiredFilter, MqttTopics.MethodFilter);

    public async Task<IReadOnlyList<MqttClientSubscribeResultCode>> SubscribeAsync(params string[] filters) => await SubscribeAsync(MqttQualityOfServiceLevel.AtMostOnce, filters);

    public async Task<IReadOnlyList<MqttClientSubscribeResultCode>> SubscribeAsync(MqttQualityOfServiceLevel qos, params string[] filters)
    {
        var subscribe = new MqttClientSubscribeOptions { TopicFilters = [.. filters.Select(f => new MqttTopicFilterBuilder().WithTopic(f).WithQualityOfServiceLevel(qos).Build())] };
        using var limit = new CancellationTokenSource(Backstop);
        return [.. (await client.SubscribeAsync(subscribe, limit.Token)).Items.Select(i => i.ResultCode)];
    }

    public async Task PublishAsync(string topic, string body = "", MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtMostOnce)
    {
        using var limit = new CancellationTokenSource(Backstop);
        await client.PublishStringAsync(topic, body, qos, cancellationToken: limit.Token);
    }

    /// <summary>The next message.</summary>
    public async Task<(string Topic, string Body)> NextAsync()
    {
        using var limit = new CancellationTokenSource(Backstop);
        return await received.Reader.ReadAsync(limit.Token);
    }

    /// <summary>Whether a message waits that was not read.</summary>
    public bool HasMore => received.Reader.TryPeek(out _);

    public async Task<(string Topic, string Body)> RequestAsync(string topic, string body = "", MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtMostOnce)
    {
        await PublishAsync(topic, body, qos);
        return await NextAsync();
    }

    public async Task<JsonElement> GetTwinAsync(string requestId = "get")
    {
        (string topic, string body) = await RequestAsync(MqttTopics.TwinGet(requestId), " ");
        Assert.Equal($"$iothub/twin/res/200/?$rid={requestId}", topic);
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    /// <summary>Ends when the hub has closed the link.</summary>
    public Task ClosedAsync() => closed.Task.WaitAsync(Backstop, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        if (client.IsConnected)
        {
            await client.DisconnectAsync();
        }

        client.Dispose();
    }
}
