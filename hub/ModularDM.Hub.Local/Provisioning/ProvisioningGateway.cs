using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>
/// The provisioning service's device side, on a broker of its own: registration ids may equal device ids, and one broker would let the one take over the
/// other's link.
/// </summary>
internal sealed partial class ProvisioningGateway
{
    private const int MaxRequestBytes = 64 * 1024;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<EndPoint, Link> accepted = new();
    private readonly ConcurrentDictionary<string, Link> links = new(StringComparer.Ordinal);
    private readonly Acknowledgements acknowledgements;
    private readonly Enrollments enrollments;
    private readonly Registrar registrar;
    private readonly string idScope;
    private readonly TimeProvider time;
    private readonly ILogger<ProvisioningGateway> logger;

    public ProvisioningGateway(MqttServer server, Enrollments enrollments, Registrar registrar, string idScope, TimeProvider time, ILogger<ProvisioningGateway> logger)
    {
        (this.enrollments, this.registrar, this.idScope, this.time, this.logger) = (enrollments, registrar, idScope, time, logger);
        acknowledgements = new Acknowledgements(server);
        server.ValidatingConnectionAsync += OnValidatingAsync;
        server.ClientConnectedAsync += OnConnectedAsync;
        server.ClientDisconnectedAsync += OnDisconnectedAsync;
        server.InterceptingSubscriptionAsync += OnSubscribingAsync;
        server.InterceptingPublishAsync += OnPublishAsync;
    }

    // What a link proved when it came, and where its answers go.
    private sealed record Link(string RegistrationId, Enrollment Enrollment, string? Thumbprint, EndPoint Remote, DateTimeOffset Accepted)
    {
        public MqttSessionStatus? Session { get; set; }
    }

    private Task OnValidatingAsync(ValidatingConnectionEventArgs e)
    {
        e.ReasonCode = Validate(e, out string why);
        if (e.ReasonCode != MqttConnectReasonCode.Success)
        {
            Refused(e.ClientId ?? "", e.ReasonCode, why);
        }

        return Task.CompletedTask;
    }

    private MqttConnectReasonCode Validate(ValidatingConnectionEventArgs e, out string why)
    {
        why = "";
        if (e.ProtocolVersion != MqttProtocolVersion.V311)
        {
            return MqttConnectReasonCode.UnsupportedProtocolVersion;
        }

        if (!ProvisioningTopics.TryParseUserName(e.UserName, out string? scope, out string? id) || id != e.ClientId || !Enrollment.IsValidId(id))
        {
            why = "The user name is not '{idScope}/registrations/{registrationId}/api-version=...' of the client id.";
            return MqttConnectReasonCode.ClientIdentifierNotValid;
        }

        if (scope != idScope)
        {
            why = "The id scope is another service's.";
            return MqttConnectReasonCode.NotAuthorized;
        }

        if (enrollments.Attest(id, e.Password, e.ClientCertificate, out why) is not { } enrollment)
        {
            return MqttConnectReasonCode.NotAuthorized;
        }

        DateTimeOffset now = time.GetUtcNow();
        foreach ((EndPoint remote, Link link) in accepted.Where(a => now > a.Value.Accepted + ConnectLimit))
        {
            accepted.TryRemove(new KeyValuePair<EndPoint, Link>(remote, link));
        }

        accepted[e.RemoteEndPoint] = new Link(id, enrollment, e.ClientCertificate?.GetCertHashString(HashAlgorithmName.SHA256), e.RemoteEndPoint, now);
        return MqttConnectReasonCode.Success;
    }

    private Task OnConnectedAsync(ClientConnectedEventArgs e)
    {
        if (accepted.TryRemove(e.RemoteEndPoint, out Link? link))
        {
            links[e.ClientId] = link;
        }

        return Task.CompletedTask;
    }

    private Task OnDisconnectedAsync(ClientDisconnectedEventArgs e)
    {
        // After a takeover the next link stands under this id already.
        if (links.TryGetValue(e.ClientId, out Link? link) && link.Remote.Equals(e.RemoteEndPoint))
        {
            links.TryRemove(new KeyValuePair<string, Link>(e.ClientId, link));
        }

        return Task.CompletedTask;
    }

    private Task OnSubscribingAsync(InterceptingSubscriptionEventArgs e)
    {
        e.ProcessSubscription = false;
        e.Response.ReasonCode = HubChoices.RefusedFilter;
        if (e.TopicFilter.Topic == ProvisioningTopics.ResponseFilter && links.TryGetValue(e.ClientId, out Link? link))
        {
            link.Session = e.Session;
            e.Response.ReasonCode = e.TopicFilter.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce ? MqttSubscribeReasonCode.GrantedQoS0 : MqttSubscribeReasonCode.GrantedQoS1;
        }

        return Task.CompletedTask;
    }

    private Task OnPublishAsync(InterceptingPublishEventArgs e)
    {
        e.ProcessPublish = false;
        MqttApplicationMessage message = e.ApplicationMessage;
        if (message.QualityOfServiceLevel != MqttQualityOfServiceLevel.ExactlyOnce && message.Payload.Length <= MaxRequestBytes && links.TryGetValue(e.ClientId, out Link? link))
        {
            if (ProvisioningTopics.TryParseRegister(message.Topic, out string? requestId))
            {
                byte[] body = message.Payload.ToArray();
                _ = AnswerAsync(link, requestId, () => Register(link, body), acknowledgements.OfCurrent(e.ClientId));
                return Task.CompletedTask;
            }

            if (ProvisioningTopics.TryParseStatus(message.Topic, out requestId, out string? operationId))
            {
                _ = AnswerAsync(link, requestId, () => registrar.Find(link.RegistrationId, operationId) ?? throw NoOperation(), acknowledgements.OfCurrent(e.ClientId));
                return Task.CompletedTask;
            }
        }

        e.CloseConnection = true;
        BadPublish(e.ClientId, message.Topic, message.QualityOfServiceLevel);
        return Task.CompletedTask;
    }

    private RegistrationOperation Register(Link link, byte[] body)
    {
        // The enrolment may have been changed or removed since the link came.
        Enrollment enrollment = enrollments.Get(link.Enrollment.IsGroup, link.Enrollment.Id);
        string? payload = null;
        if (body.AsSpan().ContainsAnyExcept((byte)' '))
        {
            using JsonDocument document = HubJson.Parse(body);
            JsonElement json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || (json.Text("registrationId") is { } id && !id.Equals(link.RegistrationId, StringComparison.OrdinalIgnoreCase)))
            {
                throw HubRefusalException.Invalid("The body must be a JSON object, and its 'registrationId' that of the link.");
            }

            if (json.TryGetProperty("tpm", out JsonElement tpm) && tpm.ValueKind != JsonValueKind.Null)
            {
                throw HubRefusalException.Invalid("A TPM has no way over MQTT.");
            }

            payload = json.TryGetProperty("payload", out JsonElement said) ? said.GetRawText() : null;
        }

        return registrar.Begin(link.RegistrationId, enrollment, link.Thumbprint, payload);
    }

    private async Task AnswerAsync(Link link, string requestId, Func<RegistrationOperation> act, Task acknowledged)
    {
        int status;
        byte[] body;
        try
        {
            RegistrationOperation operation = act();
            status = operation.Outcome.IsCompletedSuccessfully ? 200 : 202;
            if (operation.Outcome.IsFaulted)
            {
                RegistrationFailed(link.RegistrationId, operation.Outcome.Exception);
                throw new HubRefusalException(HubErrorCodes.ServerError, "An internal error occurred; register again.");
            }

            body = Describe(operation);
        }
        catch (HubRefusalException e)
        {
            status = HubErrorCodes.StatusOf(e.Code);
            body = e.ToBody(time.GetUtcNow()).ToDeviceJson();
        }

        // One of the common SDKs takes an answer that comes before the PUBACK as an error.
        await acknowledged;
        string topic = ProvisioningTopics.Response(status, requestId, status is 202 or 429 or >= 500 ? HubChoices.ProvisioningRetryAfter : null);
        var answer = new MqttApplicationMessage { Topic = topic, PayloadSegment = new ArraySegment<byte>(body), QualityOfServiceLevel = HubChoices.DeliveryQos };
        if (link.Session is not { } session || !session.TryEnqueueApplicationMessage(answer, out _))
        {
            AnswerDropped(link.RegistrationId, topic);
        }
    }

    private static byte[] Describe(RegistrationOperation operation) => HubJson.Bytes(operation, static (o, json) =>
    {
        json.WriteStartObject();
        json.WriteString("operationId"u8, o.Id);
        if (!o.Outcome.IsCompletedSuccessfully)
        {
            json.WriteString("status"u8, "assigning"u8);
        }
        else
        {
            Registration registration = o.Outcome.Result;
            json.WriteString("status"u8, registration.Status);
            json.WritePropertyName("registrationState"u8);
            registration.Write(json);
        }

        json.WriteEndObject();
    });

    private static HubRefusalException NoOperation() => new(HubErrorCodes.EnrollmentNotFound, "The device has no such operation: register again.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "A registration as '{RegistrationId}' was refused: {Reason}. {Why}")]
    private partial void Refused(string registrationId, MqttConnectReasonCode reason, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{RegistrationId}' published to '{Topic}' with {Qos}, which the provisioning service does not take; its link is closed")]
    private partial void BadPublish(string registrationId, string topic, MqttQualityOfServiceLevel qos);

    [LoggerMessage(Level = LogLevel.Error, Message = "The registration of '{RegistrationId}' failed")]
    private partial void RegistrationFailed(string registrationId, Exception? cause);

    [LoggerMessage(Level = LogLevel.Debug, Message = "'{RegistrationId}' is not there for the answer {Topic}")]
    private partial void AnswerDropped(string registrationId, string topic);
}
