using System.Text.Json.Serialization;

namespace Contoso.FanControl;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(FanDesired))]
[JsonSerializable(typeof(FanReported))]
[JsonSerializable(typeof(BoostReported))]
[JsonSerializable(typeof(BoostPayload))]
internal sealed partial class FanJson : JsonSerializerContext;
