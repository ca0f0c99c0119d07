using System.Buffers;
using System.Text.Json;
using ModularDM.Hub.Local.Configurations;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Twins;

/// <summary>Writes what is read: the twin as a device sees it, the twin and the identity as services see them.</summary>
internal static class TwinDocument
{
    /// <summary>The properties alone, with versions and without metadata or tags.</summary>
    public static byte[] ForDevice(Twin twin)
    {
        var buffer = new ArrayBufferWriter<byte>(twin.Desired.Body.Length + twin.Reported.Body.Length + 96);
        using (var json = new Utf8JsonWriter(buffer, HubJson.Write))
        {
            json.WriteStartObject();
            json.WritePropertyName("desired"u8);
            json.WriteRawValue(Section(twin.Desired, withMetadata: false).Span, skipInputValidation: true);
            json.WritePropertyName("reported"u8);
            json.WriteRawValue(Section(twin.Reported, withMetadata: false).Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The whole twin, or all but its tags and properties.</summary>
    public static void WriteForService(Device device, Twin twin, Utf8JsonWriter json, bool sections = true)
    {
        DeviceIdentity identity = device.Identity;
        json.WriteStartObject();
        json.WriteString("deviceId"u8, identity.DeviceId);
        WriteModule(identity, json);
        json.WriteString("etag"u8, ETags.Format(twin.ETag));
        json.WriteString("deviceEtag"u8, ETags.Format(identity.ETag));
        WriteState(device, identity, "statusUpdateTime"u8, json);
        json.WriteString("authenticationType"u8, identity.Authentication.TypeName);
        WriteThumbprints(identity.Authentication, json);
        json.WriteString("modelId"u8, device.ModelId ?? "");
        json.WriteNumber("version"u8, twin.Version);
        if (sections)
        {
            WriteSections(twin, json);
        }

        WriteConfigurations(device.Configured, json);
        WriteCapabilities(json);
        json.WriteEndObject();
    }

    /// <summary>The identity, keys included.</summary>
    public static void WriteIdentity(Device device, DeviceIdentity identity, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("deviceId"u8, identity.DeviceId);
        WriteModule(identity, json);
        if (identity.ModuleId is not null)
        {
            json.WriteString("managedBy"u8, identity.ManagedBy);
        }

        json.WriteString("generationId"u8, identity.GenerationId);
        json.WriteString("etag"u8, ETags.Format(identity.ETag));
        WriteState(device, identity, "statusUpdatedTime"u8, json);
        json.WriteString("connectionStateUpdatedTime"u8, TwinMetadata.Text(device.ConnectionStateUpdated));
        json.WriteStartObject("authentication"u8);
        json.WriteStartObject("symmetricKey"u8);
        json.WriteString("primaryKey"u8, identity.Authentication.PrimaryKey);
        json.WriteString("secondaryKey"u8, identity.Authentication.SecondaryKey);
        json.WriteEndObject();
        WriteThumbprints(identity.Authentication, json);
        json.WriteString("type"u8, identity.Authentication.TypeName);
        json.WriteEndObject();
        if (identity.ModuleId is null)
        {
            WriteCapabilities(json);
        }

        json.WriteEndObject();
    }

    private static void WriteSections(Twin twin, Utf8JsonWriter json)
    {
        json.WritePropertyName("tags"u8);
        json.WriteRawValue(twin.Tags, skipInputValidation: true);
        json.WriteStartObject("properties"u8);
        json.WritePropertyName("desired"u8);
        json.WriteRawValue(Section(twin.Desired, withMetadata: true).Span, skipInputValidation: true);
        json.WritePropertyName("reported"u8);
        json.WriteRawValue(Section(twin.Reported, withMetadata: true).Span, skipInputValidation: true);
        json.WriteEndObject();
    }

    private static void WriteModule(DeviceIdentity identity, Utf8JsonWriter json)
    {
        if (identity.ModuleId is not null)
        {
            json.WriteString("moduleId"u8, identity.ModuleId);
        }
    }

    private static void WriteThumbprints(DeviceAuthentication authentication, Utf8JsonWriter json)
    {
        json.WriteStartObject("x509Thumbprint"u8);
        json.WriteString("primaryThumbprint"u8, authentication.PrimaryThumbprint);
        json.WriteString("secondaryThumbprint"u8, authentication.SecondaryThumbprint);
        json.WriteEndObject();
    }

    private static void WriteState(Device device, DeviceIdentity identity, ReadOnlySpan<byte> statusTime, Utf8JsonWriter json)
    {
        // A module has no status of its own; in its twin it counts as enabled.
        if (identity.ModuleId is null || statusTime.SequenceEqual("statusUpdateTime"u8))
        {
            json.WriteString("status"u8, identity.Enabled ? "enabled"u8 : "disabled"u8);
            json.WriteString("statusReason"u8, identity.StatusReason);
            json.WriteString(statusTime, TwinMetadata.Text(identity.StatusUpdated));
        }

        json.WriteString("connectionState"u8, device.Connection is null ? "Disconnected"u8 : "Connected"u8);
        json.WriteString("lastActivityTime"u8, TwinMetadata.Text(device.LastActivity));
        json.WriteNumber("cloudToDeviceMessageCount"u8, device.CloudQueue.Count);
    }

    private static void WriteConfigurations(ConfigurationState? configured, Utf8JsonWriter json)
    {
        if (configured is null)
        {
            return;
        }

        json.WriteStartObject("configurations"u8);
        foreach ((string id, bool applied) in configured.Applied)
        {
            json.WriteStartObject(id);
            json.WriteString("status"u8, applied ? "Applied"u8 : "Targeted"u8);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteCapabilities(Utf8JsonWriter json)
    {
        json.WriteStartObject("capabilities"u8);
        json.WriteBoolean("iotEdge"u8, false);
        json.WriteEndObject();
    }

    /// <summary>One section with its version behind its members.</summary>
    // A body is an object without whitespace around it: what belongs behind its members goes before its last brace.
    public static ReadOnlyMemory<byte> Section(TwinSection section, bool withMetadata)
    {
        var buffer = new ArrayBufferWriter<byte>(section.Body.Length + (withMetadata ? section.Metadata.Length : 0) + 48);
        buffer.Write(section.Body.AsSpan(0, section.Body.Length - 1));
        if (section.Body.Length > 2)
        {
            buffer.Write(","u8);
        }

        if (withMetadata)
        {
            buffer.Write("\"$metadata\":"u8);
            buffer.Write(section.Metadata);
            buffer.Write(","u8);
        }

        buffer.Write("\"$version\":"u8);
        System.Buffers.Text.Utf8Formatter.TryFormat(section.Version, buffer.GetSpan(24), out int written);
        buffer.Advance(written);
        buffer.Write("}"u8);
        return buffer.WrittenMemory;
    }
}
