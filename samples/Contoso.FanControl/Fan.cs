using System.Globalization;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;

namespace Contoso.FanControl;

/// <summary>The fan behind two device attributes that the policy grants by name.</summary>
internal sealed class Fan(IPluginContext context)
{
    /// <summary>The duty cycle of full speed.</summary>
    public const int FullPwm = 255;

    private const string Pwm = "fan0.pwm";
    private const string Rpm = "fan0.rpm";
    private readonly string _wantedFile = Path.Combine(context.DataFolder, "wanted-pwm");

    public static int PwmOf(int percent) => (int)Math.Round(percent * FullPwm / 100.0, MidpointRounding.AwayFromZero);

    public static int PercentOf(int pwm) => (int)Math.Round(pwm * 100.0 / FullPwm, MidpointRounding.AwayFromZero);

    /// <exception cref="ConfiguratorException">The attribute cannot be read.</exception>
    /// <exception cref="FormatException">What stands there is not a duty cycle.</exception>
    public async Task<int> ReadPwmAsync(CancellationToken cancellationToken) =>
        await ReadNumberAsync(Pwm, cancellationToken) is { } pwm and >= 0 and <= FullPwm
            ? pwm
            : throw new FormatException($"'{Pwm}' does not hold a whole number from 0 to {FullPwm}.");

    /// <summary>Turns per minute; null when the tachometer cannot be read, which many fans do not have.</summary>
    public async Task<int?> ReadRpmAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadNumberAsync(Rpm, cancellationToken);
        }
        catch (ConfiguratorException e) when (e.Code is ConfiguratorErrorCode.NotFound or ConfiguratorErrorCode.NotSupported or ConfiguratorErrorCode.Denied)
        {
            return null;
        }
    }

    public Task WritePwmAsync(int pwm, CancellationToken cancellationToken) => context.Configurator.SendAsync(
        new WriteDeviceAttribute { Name = Pwm, Value = pwm.ToString(CultureInfo.InvariantCulture) }, cancellationToken);

    /// <summary>Remembers what desired wants, for when a boost is over.</summary>
    public Task RememberAsync(int pwm, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(_wantedFile, pwm.ToString(CultureInfo.InvariantCulture), cancellationToken);

    /// <summary>What desired wants; null when it never said.</summary>
    public async Task<int?> RecallAsync(CancellationToken cancellationToken) =>
        File.Exists(_wantedFile) && int.TryParse(
            await File.ReadAllTextAsync(_wantedFile, cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out int pwm)
            ? pwm
            : null;

    private async Task<int?> ReadNumberAsync(string attribute, CancellationToken cancellationToken)
    {
        AttributeValue value = await context.Configurator.SendAsync(new ReadDeviceAttribute { Name = attribute }, cancellationToken);
        return int.TryParse(value.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }
}
