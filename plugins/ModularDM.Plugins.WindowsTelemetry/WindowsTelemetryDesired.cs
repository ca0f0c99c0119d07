using System.Text.Json.Serialization;
using ModularDM.Contracts;
using ModularDM.Contracts.Json;

namespace ModularDM.Plugins.WindowsTelemetry;

internal sealed record WindowsTelemetryDesired : IValidated
{
    /// <summary>Text and not the enumeration: an unknown level has an error number of its own in the published contract.</summary>
    public string? Level { get; init; }

    IEnumerable<SectionError> IValidated.Validate()
    {
        if (TelemetryWords.Find(Level) is null)
        {
            string found = Level is null ? "required, but missing" : "not a level";
            yield return new SectionError("level", $"{found}; expected one of {string.Join(", ", TelemetryWords.All)}", ErrorCodes.TelemetryInvalidLevel);
        }
    }
}

internal sealed record WindowsTelemetryReported(string? Level);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(WindowsTelemetryDesired))]
[JsonSerializable(typeof(WindowsTelemetryReported))]
internal sealed partial class WindowsTelemetryJson : JsonSerializerContext;
