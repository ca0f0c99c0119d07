using System.Text.Json;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>One answer of the provisioning service.</summary>
/// <param name="Status">202 while it works on it, 200 when it is done, 4xx or 5xx.</param>
/// <param name="RetryAfter">When to ask again.</param>
/// <param name="Body">JSON.</param>
internal sealed record ProvisioningAnswer(int Status, TimeSpan? RetryAfter, ReadOnlyMemory<byte> Body)
{
    /// <summary>The operation to ask about.</summary>
    public string? OperationId => Member("operationId");

    /// <summary><c>assigned</c>, <c>assigning</c>, <c>unassigned</c>, <c>failed</c> or <c>disabled</c>.</summary>
    public string? State => Member("status");

    /// <summary>Hub and device of a device that was assigned.</summary>
    /// <exception cref="HubException">It was not, in words; or the answer is not what the specification says.</exception>
    public (string Hub, string DeviceId) Assigned()
    {
        if (State == "assigned" && Member("registrationState", "assignedHub") is { Length: > 0 } hub && Member("registrationState", "deviceId") is { Length: > 0 } device)
        {
            return (hub, device);
        }

        throw State switch
        {
            "disabled" => new HubException(HubFailure.Unauthorized, "Provisioning: the device's enrolment is disabled."),
            "failed" or "unassigned" => new HubException(
                HubFailure.Refused, $"Provisioning: the service assigned no hub ({State}): {Member("registrationState", "errorMessage") ?? "it says no more"}."),
            _ => new HubException(HubFailure.BadAnswer, "Provisioning: the service's answer names no hub."),
        };
    }

    /// <summary>An answer that is an error.</summary>
    public HubException ToException()
    {
        string words = Member("message") is { } message ? $"{Status}, {message}" : $"{Status}";
        (HubFailure failure, string reason) = Status switch
        {
            429 => (HubFailure.Throttled, "the service is busy"),
            401 or 403 => (HubFailure.Unauthorized, "the service does not accept this device: its key or certificate is wrong, its enrolment is disabled, or the device's clock is off"),
            404 => (HubFailure.Unauthorized, "the service knows no enrolment for this registration id, or no such id scope"),
            >= 500 => (HubFailure.ServerError, "the service failed"),
            _ => (HubFailure.Refused, "the service refuses the registration"),
        };
        return new HubException(failure, $"Provisioning: {reason} ({words}).") { Status = Status, RetryAfter = RetryAfter };
    }

    private string? Member(params ReadOnlySpan<string> path)
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            JsonElement element = document.RootElement;
            foreach (string name in path)
            {
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                {
                    return null;
                }
            }

            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (JsonException)
        {
            // Not JSON: there is no such member.
            return null;
        }
    }
}
