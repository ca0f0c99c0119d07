using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>Which devices may come, how they prove themselves, and where they go: one device, or a group that shares a secret or an authority. Immutable.</summary>
internal sealed record Enrollment(bool IsGroup, string Id, long ETag, DateTimeOffset Created, DateTimeOffset Updated, Attestation Attestation)
{
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:");

    public bool Enabled { get; private init; } = true;

    /// <summary>The device's id in its hub, if it is not the registration id.</summary>
    public string? DeviceId { get; private init; }

    /// <summary>The hubs that it may be assigned to; all that are linked when there is none.</summary>
    public IReadOnlyList<string> Hubs { get; private init; } = [];

    public string AllocationPolicy { get; private init; } = "hashed";

    /// <summary>Who decides with the policy <c>custom</c>.</summary>
    public Uri? Webhook { get; private init; }

    /// <summary>Whether a device that registers again may come to another hub.</summary>
    public bool UpdateHubAssignment { get; private init; } = true;

    /// <summary>Whether its twin goes with it, rather than to begin anew.</summary>
    public bool MigrateDeviceData { get; private init; } = true;

    /// <summary>Tags and desired properties of a device that is made, as JSON; none for an empty twin.</summary>
    public byte[]? InitialTwin { get; private init; }

    public static bool IsValidId(string id) => id.Length is > 0 and <= 128 && !id.AsSpan().ContainsAnyExcept(IdCharacters) && (char.IsAsciiLetterOrDigit(id[^1]) || id[^1] == '-');

    /// <summary>Reads the body of a PUT.</summary>
    /// <exception cref="HubRefusalException">It is not an enrolment, or asks for what this service does not do.</exception>
    public static Enrollment Parse(JsonElement json, bool isGroup, string id, Enrollment? before, DateTimeOffset now)
    {
        string idMember = isGroup ? "enrollmentGroupId" : "registrationId";
        if (json.ValueKind != JsonValueKind.Object || !id.Equals(json.Text(idMember) ?? id, StringComparison.OrdinalIgnoreCase))
        {
            throw HubRefusalException.Invalid($"The body must be a JSON object whose '{idMember}' is that of the path.");
        }

        if (!IsValidId(id))
        {
            throw HubRefusalException.Invalid("The id must be 1 to 128 letters, digits and '-._:', and end with a letter, a digit or '-'.");
        }

        string? deviceId = isGroup ? null : json.Text("deviceId") is { Length: > 0 } given ? given : null;
        if (!(deviceId is null || DeviceIdentity.IsValidId(deviceId)))
        {
            throw HubRefusalException.Invalid("'deviceId' is not a device id.");
        }

        string policy = json.Text("allocationPolicy") ?? "hashed";
        string[] hubs = [.. new[] { json.Text("iotHubHostName") }.OfType<string>().Where(h => h.Length > 0), .. HubNames(json)];
        JsonElement? reprovision = json.Object("reprovisionPolicy");
        return new Enrollment(isGroup, before?.Id ?? id, (before?.ETag ?? 0) + 1, before?.Created ?? now, now, Attestation.Parse(json, isGroup, before?.Attestation))
        {
            Enabled = (json.Text("provisioningStatus") ?? "enabled") switch
            {
                "enabled" => true,
                "disabled" => false,
                _ => throw HubRefusalException.Invalid("'provisioningStatus' must be 'enabled' or 'disabled'."),
            },
            DeviceId = deviceId,
            AllocationPolicy = policy is "hashed" or "static" or "custom"
                ? policy
                : throw HubRefusalException.Invalid("'allocationPolicy' must be 'hashed', 'static' or 'custom'; on one machine no hub is nearer than another."),
            Hubs = policy == "static" && hubs.Length == 0 ? throw HubRefusalException.Invalid("The policy 'static' needs 'iotHubs' or 'iotHubHostName'.") : [.. hubs.Distinct()],
            Webhook = policy == "custom" ? ReadWebhook(json) : null,
            UpdateHubAssignment = Flag(reprovision, "updateHubAssignment"),
            MigrateDeviceData = Flag(reprovision, "migrateDeviceData"),
            InitialTwin = json.Object("initialTwin") is { } twin ? ReadTwin(twin, now) : null,
        };
    }

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    public static Enrollment FromRow(bool isGroup, string id, long etag, DateTimeOffset created, DateTimeOffset updated, byte[] body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        return Parse(document.RootElement, isGroup, id, null, updated) with { Id = id, ETag = etag, Created = created, Updated = updated };
    }

    public byte[] ToBytes() => HubJson.Bytes(this, static (e, json) => e.Write(json, withKeys: true));

    public void Write(Utf8JsonWriter json, bool withKeys, Registration? registration = null)
    {
        json.WriteStartObject();
        json.WriteString(IsGroup ? "enrollmentGroupId"u8 : "registrationId"u8, Id);
        if (DeviceId is not null)
        {
            json.WriteString("deviceId"u8, DeviceId);
        }

        json.WritePropertyName("attestation"u8);
        Attestation.Write(json, IsGroup, withKeys);
        json.WriteString("provisioningStatus"u8, Enabled ? "enabled"u8 : "disabled"u8);
        json.WriteString("allocationPolicy"u8, AllocationPolicy);
        json.WriteStartArray("iotHubs"u8);
        foreach (string hub in Hubs)
        {
            json.WriteStringValue(hub);
        }

        json.WriteEndArray();
        if (Webhook is not null)
        {
            json.WriteStartObject("customAllocationDefinition"u8);
            json.WriteString("webhookUrl"u8, Webhook.OriginalString);
            json.WriteString("apiVersion"u8, "2021-10-01"u8);
            json.WriteEndObject();
        }

        json.WriteStartObject("reprovisionPolicy"u8);
        json.WriteBoolean("updateHubAssignment"u8, UpdateHubAssignment);
        json.WriteBoolean("migrateDeviceData"u8, MigrateDeviceData);
        json.WriteEndObject();
        if (InitialTwin is not null)
        {
            json.WritePropertyName("initialTwin"u8);
            json.WriteRawValue(InitialTwin, skipInputValidation: true);
        }

        if (registration is not null)
        {
            json.WritePropertyName("registrationState"u8);
            registration.Write(json);
        }

        json.WriteString("etag"u8, $"\"{ETags.Format(ETag)}\"");
        json.WriteString("createdDateTimeUtc"u8, TwinMetadata.Text(Created));
        json.WriteString("lastUpdatedDateTimeUtc"u8, TwinMetadata.Text(Updated));
        json.WriteEndObject();
    }

    private static IEnumerable<string> HubNames(JsonElement json)
    {
        if (!json.TryGetProperty("iotHubs", out JsonElement hubs) || hubs.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return hubs.ValueKind == JsonValueKind.Array && hubs.EnumerateArray().All(h => h.ValueKind == JsonValueKind.String)
            ? hubs.EnumerateArray().Select(h => h.GetString()!)
            : throw HubRefusalException.Invalid("'iotHubs' must be an array of host names.");
    }

    private static Uri ReadWebhook(JsonElement json) =>
        Uri.TryCreate(json.Object("customAllocationDefinition")?.Text("webhookUrl"), UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw HubRefusalException.Invalid("The policy 'custom' needs 'customAllocationDefinition.webhookUrl', an address with http or https.");

    private static bool Flag(JsonElement? json, string member)
    {
        if (json is not { } policy || !policy.TryGetProperty(member, out JsonElement value))
        {
            return true;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw HubRefusalException.Invalid($"'reprovisionPolicy.{member}' must be true or false.");
    }

    // Tried on an empty twin, so that a limit it breaks is found by who writes the enrolment and not by a device.
    private static byte[] ReadTwin(JsonElement twin, DateTimeOffset now)
    {
        new ServiceTwinChange(twin.Object("tags"), twin.Object("properties")?.Object("desired"), Replace: true).ApplyTo(TwinChange.New(now), now);
        return JsonMarshal.GetRawUtf8Value(twin).ToArray();
    }
}
