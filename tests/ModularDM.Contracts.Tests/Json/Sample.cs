using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ModularDM.Contracts.Json;

namespace ModularDM.Contracts.Tests.Json;

internal enum Mode
{
    [JsonStringEnumMemberName("slow")] Slow,
    [JsonStringEnumMemberName("fast")] Fast,
}

internal sealed record Oven : IValidated
{
    public required string Name { get; init; }

    [Range(20, 300)]
    public int Celsius { get; init; }

    public Mode? Mode { get; init; }

    public bool Door { get; init; }

    [StringLength(8)]
    public string? Pin { get; init; }

    public Window? Schedule { get; init; }

    public IReadOnlyList<Window>? Extra { get; init; }

    public IReadOnlyDictionary<string, Window>? Named { get; init; }

    [MaxLength(2)]
    public IReadOnlyList<int>? Racks { get; init; }

    IEnumerable<SectionError> IValidated.Validate()
    {
        if (Door && Celsius > 200)
        {
            yield return new SectionError("door", "may not be open above 200", ErrorCodes.InvalidDesiredJsonValue);
        }
    }
}

internal sealed record Window
{
    [Range(0, 23)]
    public required int Start { get; init; }

    [Range(0, 23)]
    public int End { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Oven))]
internal sealed partial class OvenJson : JsonSerializerContext;
