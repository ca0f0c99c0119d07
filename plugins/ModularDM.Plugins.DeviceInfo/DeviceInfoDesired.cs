using System.Text.Json;
using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Plugins.DeviceInfo;

/// <summary>Whatever the object holds is accepted and not looked at.</summary>
internal sealed record DeviceInfoDesired
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Anything { get; set; }
}

// The report is the wire record itself: its 24 members and their order are those of the published section.
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DeviceInfoDesired))]
[JsonSerializable(typeof(DeviceInfoValues))]
internal sealed partial class DeviceInfoJson : JsonSerializerContext;
