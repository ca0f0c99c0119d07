namespace Contoso.FanControl;

/// <summary>The section as it is reported: what the hardware says.</summary>
/// <param name="SpeedPercent">From the duty cycle in force.</param>
/// <param name="Pwm">The duty cycle in force, 0 to 255.</param>
/// <param name="Rpm">Turns per minute; absent when the fan has no tachometer.</param>
internal sealed record FanReported(int SpeedPercent, int Pwm, int? Rpm);

/// <summary>The section <c>contoso.fanBoost</c>.</summary>
/// <param name="Seconds">How long the last boost was to last.</param>
/// <param name="Running">True while it does.</param>
internal sealed record BoostReported(int Seconds, bool Running);
