using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>
/// The least that can answer: an MQTT client that sends a method's payload back from the handler it arrived in, and publishes each desired patch as reported,
/// less its version. It parses nothing, checks nothing, remembers nothing.
/// </summary>
internal static class BareDevice
{
    public const string Command = "bare-device";

    public const string Ready = "bare device is ready";

    private static readonly byte[] s_version = ",\"$version\""u8.ToArray();

    public static async Task<int> RunAsync(string connectionString, string caFile)
    {
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        long requests = 0;
        client.ApplicationMessageReceivedAsync += args =>
        {
            string topic = args.ApplicationMessage.Topic;
            if (MqttTopics.TryParseMethodRequest(topic, out _, out string? requestId))
            {
                return PublishAsync(MqttTopics.MethodResponse(200, requestId), args.ApplicationMessage.Payload.ToArray());
            }

            if (MqttTopics.TryParseDesiredPatch(topic, out _))
            {
                byte[] patch = args.ApplicationMessage.Payload.ToArray();
                int end = patch.AsSpan().LastIndexOf(s_version);
                patch[end] = (byte)'}';
                return PublishAsync(MqttTopics.ReportedPatch($"{++requests:x}"), patch.AsMemory(0, end + 1));
            }

            return Task.CompletedTask;
        };

        var connection = HubConnectionString.Parse(connectionString);
        HubEndpoint endpoint = connection.GetMqttEndpoint();
        X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(caFile);
        await client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer(endpoint.Host, endpoint.Port)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(connection.DeviceId)
            .WithCleanSession(false)
            .WithCredentials(
                new MqttUserName(connection.HostName, connection.DeviceId!, null, MqttUserName.CurrentApiVersion, null, null).ToString(),
                SasToken.Create(
                    SasToken.DeviceResource(connection.HostName, connection.DeviceId!), connection.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddHours(6)))
            .WithTlsOptions(tls => tls.UseTls().WithTargetHost(endpoint.Host).WithCertificateValidationHandler(seen => IsOf(authority, seen.Certificate)))
            .Build());
        await client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(MqttTopics.TwinResponseFilter, MqttQualityOfServiceLevel.AtMostOnce)
            .WithTopicFilter(MqttTopics.DesiredFilter, MqttQualityOfServiceLevel.AtLeastOnce)
            .WithTopicFilter(MqttTopics.MethodFilter, MqttQualityOfServiceLevel.AtMostOnce)
            .Build());
        Console.WriteLine(Ready);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
        return 0;

        Task PublishAsync(string topic, ReadOnlyMemory<byte> body) => client.PublishAsync(
            new MqttApplicationMessage { Topic = topic, Payload = new ReadOnlySequence<byte>(body), QualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce });
    }

    /// <summary>Whether a certificate is of this authority, or is it.</summary>
    public static bool IsOf(X509Certificate2 authority, X509Certificate seen)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(seen.GetRawCertData());
        return chain.Build(certificate);
    }
}
