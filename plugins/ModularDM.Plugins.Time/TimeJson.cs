using System.Text.Json.Serialization;
using ModularDM.Plugins.Time.TimeInfo;
using ModularDM.Plugins.Time.TimeService;

namespace ModularDM.Plugins.Time;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TimeInfoDesired))]
[JsonSerializable(typeof(TimeInfoReported))]
[JsonSerializable(typeof(TimeServiceDesired))]
[JsonSerializable(typeof(TimeServiceReported))]
internal sealed partial class TimeJson : JsonSerializerContext;
