using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using ModularDM.Benchmarks.EndToEnd;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ModularDM.Benchmarks.Hub;

/// <summary>Bare devices in this process: each subscribes to its methods, to desired changes and to twin answers, and sends a method's payload back.</summary>
internal sealed class EchoFleet : IDisposable
{
    private readonly List<IMqttClient> _clients = [];
    private readonly Lock _gate = new();

    public int Count => _clients.Count;

    /// <summary>Connects devices, a few at a time.</summary>
    /// <param name="host">The hub's name, which tokens are signed for.</param>
    /// <param name="port">The port of its device side.</param>
    /// <param name="caFile">The authority to trust.</param>
    /// <param name="devices">Ids and keys; an empty key for a hub that asks for none.</param>
    /// <param name="parallel">How many connect at a time.</param>
    public Task ConnectAsync(string host, int port, string caFile, IReadOnlyList<(string Id, string Key)> devices, int parallel)
    {
        X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(caFile);
        return Parallel.ForEachAsync(devices, new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (device, cancellationToken) =>
        {
            IMqttClient client = new MqttClientFactory().CreateMqttClient();
            client.ApplicationMessageReceivedAsync += args => MqttTopics.TryParseMethodRequest(args.ApplicationMessage.Topic, out _, out string? id)
                ? client.PublishAsync(new MqttApplicationMessage
                {
                    Topic = MqttTopics.MethodResponse(200, id),
                    Payload = new ReadOnlySequence<byte>(args.ApplicationMessage.Payload.ToArray()),
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce,
                })
                : Task.CompletedTask;
            MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
                .WithTcpServer(host, port)
                .WithProtocolVersion(MqttProtocolVersion.V311)
                .WithClientId(device.Id)
                .WithCleanSession(false)
                .WithKeepAlivePeriod(TimeSpan.FromMinutes(15))
                .WithTimeout(TimeSpan.FromSeconds(60))
                .WithTlsOptions(tls => tls.UseTls().WithTargetHost(host).WithCertificateValidationHandler(
                    seen => seen.Certificate.GetRawCertData().AsSpan().SequenceEqual(authority.RawData) || BareDevice.IsOf(authority, seen.Certificate)));
            if (device.Key.Length > 0)
            {
                string token = SasToken.Create(SasToken.DeviceResource(host, device.Id), device.Key, TimeProvider.System.GetUtcNow().AddHours(6));
                options.WithCredentials(new MqttUserName(host, device.Id, null, MqttUserName.CurrentApiVersion, null, null).ToString(), token);
            }

            MqttClientConnectResult result = await client.ConnectAsync(options.Build(), cancellationToken);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw new InvalidOperationException($"{device.Id} was refused: {result.ResultCode}");
            }

            await client.SubscribeAsync(
                new MqttClientSubscribeOptionsBuilder()
                    .WithTopicFilter(MqttTopics.TwinResponseFilter, MqttQualityOfServiceLevel.AtMostOnce)
                    .WithTopicFilter(MqttTopics.DesiredFilter, MqttQualityOfServiceLevel.AtLeastOnce)
                    .WithTopicFilter(MqttTopics.MethodFilter, MqttQualityOfServiceLevel.AtMostOnce)
                    .Build(),
                cancellationToken);
            lock (_gate)
            {
                _clients.Add(client);
            }
        });
    }

    public void Dispose()
    {
        foreach (IMqttClient client in _clients)
        {
            client.Dispose();
        }

        _clients.Clear();
    }
}
