using System.ComponentModel.DataAnnotations;

namespace Contoso.Thermometer;

/// <summary>The section <c>contoso.thermometer</c>.</summary>
/// <remarks>Members with a default are <c>set</c>, not <c>init</c>: the JSON source generator overwrites the default of an absent <c>init</c> member.</remarks>
internal sealed record ThermometerDesired
{
    /// <summary>Seconds between two readings.</summary>
    /// <value>The default is 60.</value>
    [Range(1, 3600)]
    public int IntervalSeconds { get; set; } = 60;

    /// <summary>Readings from here on are too hot.</summary>
    /// <value>The default is 80.</value>
    [Range(-55.0, 150.0)]
    public double ThresholdCelsius { get; set; } = 80;
}
