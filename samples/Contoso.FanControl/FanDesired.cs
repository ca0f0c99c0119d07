using System.ComponentModel.DataAnnotations;
using ModularDM.Contracts;
using ModularDM.Contracts.Json;

namespace Contoso.FanControl;

/// <summary>The section <c>contoso.fan</c>.</summary>
/// <remarks>Members with a default are <c>set</c>, not <c>init</c>: the JSON source generator overwrites the default of an absent <c>init</c> member.</remarks>
internal sealed record FanDesired : IValidated
{
    /// <summary>How fast the fan is to run.</summary>
    [Range(0, 100)]
    public required int SpeedPercent { get; init; }

    /// <summary>The slowest speed that this installation allows.</summary>
    /// <value>The default is 0.</value>
    [Range(0, 100)]
    public int MinPercent { get; set; }

    /// <summary>The fastest speed that this installation allows.</summary>
    /// <value>The default is 100.</value>
    [Range(0, 100)]
    public int MaxPercent { get; set; } = 100;

    IEnumerable<SectionError> IValidated.Validate()
    {
        if (MinPercent > MaxPercent)
        {
            yield return new SectionError("minPercent", $"may not be above maxPercent, which is {MaxPercent}", ErrorCodes.InvalidDesiredJsonValue);
        }
        else if (SpeedPercent < MinPercent || SpeedPercent > MaxPercent)
        {
            yield return new SectionError("speedPercent", $"expected {MinPercent} to {MaxPercent} (minPercent to maxPercent)", ErrorCodes.InvalidDesiredJsonValue);
        }
    }
}
