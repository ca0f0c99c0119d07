using System.Globalization;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;

namespace Contoso.Thermometer;

/// <summary>The sensor behind a device attribute that the policy grants by name.</summary>
internal sealed class Sensor(IPluginContext context)
{
    private const string Attribute = "temp0.input";

    /// <summary>What the sensor says, before calibration.</summary>
    /// <exception cref="ConfiguratorException">The attribute cannot be read.</exception>
    /// <exception cref="FormatException">What stands there is not a whole number of thousandths.</exception>
    public async Task<double> ReadCelsiusAsync(CancellationToken cancellationToken)
    {
        AttributeValue value = await context.Configurator.SendAsync(new ReadDeviceAttribute { Name = Attribute }, cancellationToken);
        return int.TryParse(value.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int thousandths)
            ? thousandths / 1000.0
            : throw new FormatException($"'{Attribute}' does not hold a whole number of thousandths of a degree.");
    }
}
