using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>Asks the Device Provisioning Service which hub a device belongs to, over MQTT (IoT Hub wire specification, 14).</summary>
internal sealed class ProvisioningClient(ProvisioningOptions options, HubOptions hub, TimeProvider clock, ILogger logger)
{
    private const string What = "Provisioning";
    private const string ApiVersion = "2019-03-31";
    private static readonly TimeSpan s_tokenLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_assignment = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);

    private readonly TransportChoice _transport = new(hub);

    private HubEndpoint Endpoint => HubEndpoint.Parse(options.Endpoint, 8883);

    /// <summary>Registers, and asks until the service has decided.</summary>
    /// <exception cref="HubException">Not reachable, busy, refused in words, or undecided for ten minutes.</exception>
    public async Task<(string Hub, string DeviceId)> RegisterAsync(string registrationId, string? key, X509Certificate2? certificate, CancellationToken cancellationToken)
    {
        MqttRequests<ProvisioningAnswer>? requests = null;
        await using var link = new MqttLink(hub, args => Receive(args, requests!), clock, logger);
        requests = new MqttRequests<ProvisioningAnswer>(link, clock);
        MqttDial dial = Dial(registrationId, key, certificate);
        try
        {
            await link.ConnectAsync(dial, _transport.Limit(Endpoint, link.Limit), cancellationToken);
        }
        catch (HubException e)
        {
            _transport.Failed(Endpoint, e.Failure);
            throw;
        }

        MqttClientSubscribeOptions filter = new MqttClientSubscribeOptionsBuilder().WithTopicFilter(ProvisioningTopics.ResponseFilter, MqttQualityOfServiceLevel.AtLeastOnce).Build();
        await link.SubscribeAsync(dial, filter, cancellationToken);
        ProvisioningAnswer answer = await requests.AskAsync(What, ProvisioningTopics.Register, RegisterBody(registrationId), MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken);
        string? operation = answer.OperationId;
        long started = clock.GetTimestamp();
        while (answer.Status != 200)
        {
            bool isLater = answer.Status == 202 || (operation is not null && answer.Status is 429 or >= 500);
            if (!isLater || operation is null)
            {
                throw answer.Status == 202 ? new HubException(HubFailure.BadAnswer, "Provisioning: the service's answer names no operation.") : answer.ToException();
            }

            TimeSpan pause = answer.RetryAfter ?? s_pause;
            if (clock.GetElapsedTime(started) + pause > s_assignment)
            {
                throw HubException.Timeout(What, s_assignment);
            }

            await Task.Delay(pause < s_shortestPause ? s_shortestPause : pause, clock, cancellationToken);
            answer = await requests.AskAsync(What, id => ProvisioningTopics.GetStatus(id, operation), default, MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken);
        }

        return answer.Assigned();
    }

    private static Task Receive(MqttApplicationMessageReceivedEventArgs args, MqttRequests<ProvisioningAnswer> requests)
    {
        if (ProvisioningTopics.TryParseResponse(args.ApplicationMessage.Topic, out int status, out string? requestId, out TimeSpan? retryAfter))
        {
            requests.Complete(requestId, new ProvisioningAnswer(status, retryAfter, args.ApplicationMessage.Payload.ToArray()));
        }

        return Task.CompletedTask;
    }

    private MqttDial Dial(string registrationId, string? key, X509Certificate2? certificate)
    {
        string resource = $"{options.IdScope}/registrations/{registrationId}";
        string? token = key is null ? null : SasToken.Create(resource, key, clock.GetUtcNow() + s_tokenLifetime, "registration");
        return new MqttDial(
            _transport.Current == HubTransport.WebSocket ? Endpoint with { Port = hub.WebSocketPort } : Endpoint,
            _transport.Current,
            registrationId,
            $"{resource}/api-version={ApiVersion}&ClientVersion={Uri.EscapeDataString(MqttDial.Product)}",
            token,
            certificate)
        {
            CleanSession = true,
            Peer = "the provisioning service",
        };
    }

    private ReadOnlyMemory<byte> RegisterBody(string registrationId)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("registrationId", registrationId);
        if (!string.IsNullOrWhiteSpace(options.Payload))
        {
            writer.WritePropertyName("payload");
            writer.WriteRawValue(options.Payload);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
