using System.Text.Json.Serialization;

namespace Contoso.Thermometer;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ThermometerDesired))]
[JsonSerializable(typeof(ThermometerReported))]
[JsonSerializable(typeof(Reading))]
[JsonSerializable(typeof(CalibratePayload))]
[JsonSerializable(typeof(Calibration))]
internal sealed partial class ThermometerJson : JsonSerializerContext;
