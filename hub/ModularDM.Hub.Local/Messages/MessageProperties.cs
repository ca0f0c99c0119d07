using System.Text;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Messages;

/// <summary>The properties of a message from a device: how they count, and what the hub adds to them.</summary>
internal static class MessageProperties
{
    private const string SystemPrefix = "$.";
    private const string HubPrefix = "iothub-";

    /// <summary>How many bytes the properties add to a message: values, and names unless they are the system's.</summary>
    public static long Size(IReadOnlyDictionary<string, string?> properties)
    {
        long size = 0;
        foreach ((string name, string? value) in properties)
        {
            size += Encoding.UTF8.GetByteCount(value ?? "") + (IsSystem(name) ? 0 : Encoding.UTF8.GetByteCount(name));
        }

        return size;
    }

    /// <summary>The properties with the hub's stamps behind them; a device's own words under those names are dropped.</summary>
    public static byte[] ToJson(IReadOnlyDictionary<string, string?> properties, DeviceIdentity identity, DateTimeOffset enqueued)
    {
        var stamps = new List<KeyValuePair<string, string?>>
        {
            new("iothub-connection-device-id", identity.DeviceId),
            new("iothub-connection-auth-generation-id", identity.GenerationId),
            new("iothub-connection-auth-method", AuthMethod(identity)),
            new("iothub-enqueuedtime", TwinMetadata.Text(enqueued)),
        };
        if (identity.ModuleId is not null)
        {
            stamps.Insert(1, new("iothub-connection-module-id", identity.ModuleId));
        }

        return HubJson.Bytes((properties, stamps), static (all, writer) =>
        {
            writer.WriteStartObject();
            foreach ((string name, string? value) in all.properties.Where(p => !all.stamps.Exists(s => s.Key == p.Key)).Concat(all.stamps))
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        });
    }

    private static string AuthMethod(DeviceIdentity identity) =>
        $$"""{"scope":"{{(identity.ModuleId is null ? "device" : "module")}}","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}""";

    private static bool IsSystem(string name) => name.StartsWith(SystemPrefix, StringComparison.Ordinal) || name.StartsWith(HubPrefix, StringComparison.Ordinal);
}
