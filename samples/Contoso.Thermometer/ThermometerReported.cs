namespace Contoso.Thermometer;

/// <summary>The section as it is reported: the values in force, and what the sensor says.</summary>
/// <param name="IntervalSeconds">Seconds between two readings.</param>
/// <param name="ThresholdCelsius">Readings from here on are too hot.</param>
/// <param name="OffsetCelsius">Added to what the sensor says; set by <c>contoso.calibrate</c>.</param>
/// <param name="TemperatureCelsius">The reading; absent when the sensor cannot be read.</param>
/// <param name="TooHot">True from the threshold on; absent when the sensor cannot be read.</param>
internal sealed record ThermometerReported(int IntervalSeconds, double ThresholdCelsius, double OffsetCelsius, double? TemperatureCelsius, bool? TooHot);

/// <summary>One reading, as a device-to-cloud message.</summary>
/// <param name="TemperatureCelsius">The reading.</param>
/// <param name="Time">When it was taken.</param>
internal sealed record Reading(double TemperatureCelsius, DateTimeOffset Time);
