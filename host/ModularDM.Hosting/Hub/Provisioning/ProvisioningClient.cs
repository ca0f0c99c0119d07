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
    private const string ApiVersion = "2019-03-31";
    private static readonly TimeSpan s_tokenLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_assignment = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);

    private readonly TransportChoice _transport = new(hub.Transport);

    /// <summary>Registers, and asks until the service has decided.</summary>
    /// <exception cref="HubException">Not reachable, busy, refused in words, or undecided for ten minutes.</exception>
    public async Task<(string Hub, string DeviceId)> RegisterAsync(string registrationId, string? key, X509Certificate2? certificate, CancellationToken cancellationToken)
    {
        var pending = new PendingRequests<ProvisioningAnswer>();
        await using var link = new MqttLink(hub, args => Receive(args, pending), clock, logger);
        _ = link.Ended.ContinueWith(
            _ => pending.Close(HubException.NotConnected("Provisioning")), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        MqttDial dial = Dial(registrationId, key, certificate);
        try
        {
            await link.ConnectAsync(dial, _transport.Limit(link.Limit), cancellationToken);
        }
        catch (HubException e)
        {
            _transport.Failed(e.Failure);
            throw;
        }

        MqttClientSubscribeOptions filter = new MqttClientSubscribeOptionsBuilder().WithTopicFilter(ProvisioningTopics.ResponseFilter, MqttQualityOfServiceLevel.AtLeastOnce).Build();
        await link.SubscribeAsync(dial, filter, cancellationToken);
        ProvisioningAnswer answer = await AskAsync(link, pending, ProvisioningTopics.Register, RegisterBody(registrationId), cancellationToken);
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
                throw HubException.Timeout("Provisioning", s_assignment);
            }

            await Task.Delay(pause < s_shortestPause ? s_shortestPause : pause, clock, cancellationToken);
            answer = await AskAsync(link, pending, id => ProvisioningTopics.GetStatus(id, operation), default, cancellationToken);
        }

        return answer.Assigned();
    }

    private static Task Receive(MqttApplicationMessageReceivedEventArgs args, PendingRequests<ProvisioningAnswer> pending)
    {
        if (ProvisioningTopics.TryParseResponse(args.ApplicationMessage.Topic, out int status, out string? requestId, out TimeSpan? retryAfter))
        {
            pending.Complete(requestId, new ProvisioningAnswer(status, retryAfter, args.ApplicationMessage.Payload.ToArray()));
        }

        return Task.CompletedTask;
    }

    private MqttDial Dial(string registrationId, string? key, X509Certificate2? certificate)
    {
        HubEndpoint endpoint = HubEndpoint.Parse(options.Endpoint, 8883);
        string resource = $"{options.IdScope}/registrations/{registrationId}";
        string? token = key is null ? null : SasToken.Create(resource, key, clock.GetUtcNow() + s_tokenLifetime, "registration");
        return new MqttDial(
            _transport.Current == HubTransport.WebSocket ? endpoint with { Port = hub.WebSocketPort } : endpoint,
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

    private async Task<ProvisioningAnswer> AskAsync(
        MqttLink link, PendingRequests<ProvisioningAnswer> pending, Func<string, string> topic, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        const string what = "Provisioning";
        (string id, Task<ProvisioningAnswer> answer) = pending.Open();
        using var limit = new CancellationTokenSource(link.Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await link.PublishAsync(what, topic(id), body, MqttQualityOfServiceLevel.AtLeastOnce, either.Token);
            return await answer.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw HubException.Timeout(what, link.Limit);
        }
        finally
        {
            pending.Forget(id);
        }
    }
}
