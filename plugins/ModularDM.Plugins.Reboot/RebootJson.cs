using System.Text.Json.Serialization;

namespace ModularDM.Plugins.Reboot;

/// <summary>The section <c>rebootInfo</c> as it is reported.</summary>
internal sealed record RebootInfoReported(
    string LastBootTime, string SingleRebootTime, string DailyRebootTime, string LastRebootCmdTime, string LastRebootCmdStatus);

/// <summary>The section <c>rebootCmd</c> as it is reported.</summary>
internal sealed record RebootCmdReported(string Response);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RebootInfoDesired))]
[JsonSerializable(typeof(RebootInfoReported))]
[JsonSerializable(typeof(RebootCmdReported))]
[JsonSerializable(typeof(LastCommand))]
internal sealed partial class RebootJson : JsonSerializerContext;
