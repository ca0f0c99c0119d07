using System.ComponentModel.DataAnnotations;

namespace Contoso.Thermometer;

/// <summary>The section <c>contoso.thermometer</c>.</summary>
internal sealed record ThermometerDesired
{
    /// <summary>Seconds between two readings.</summary>
    /// <value>The default is 60.</value>
    [Range(1, 3600)]
    public int IntervalSeconds { get; init; } = 60;

    /// <summary>Readings from here on are too hot.</summary>
    /// <value>The default is 80.</value>
    [Range(-55.0, 150.0)]
    public double ThresholdCelsius { get; init; } = 80;
}
