using System.ComponentModel.DataAnnotations;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;

namespace Contoso.Thermometer;

/// <summary>The payload of <c>contoso.calibrate</c>.</summary>
internal sealed record CalibratePayload
{
    /// <summary>What a trusted thermometer beside the sensor says now.</summary>
    [Range(-55.0, 150.0)]
    public required double ReferenceCelsius { get; init; }
}

/// <summary>Sets the offset so that the sensor agrees with a reference. Calling it twice is harmless: it measures again.</summary>
[DirectMethod("contoso.calibrate")]
internal sealed class CalibrateMethod(IPluginContext context) : DirectMethod<CalibratePayload>(ThermometerJson.Default.CalibratePayload)
{
    private readonly Sensor _sensor = new(context);
    private readonly CalibrationFile _file = new(context);

    protected override async Task<MethodResult> InvokeAsync(CalibratePayload payload, CancellationToken cancellationToken)
    {
        try
        {
            double raw = await _sensor.ReadCelsiusAsync(cancellationToken);
            var calibration = new Calibration(Math.Round(payload.ReferenceCelsius - raw, 3));
            await _file.WriteAsync(calibration, cancellationToken);
            return MethodResult.Ok(calibration, ThermometerJson.Default.Calibration);
        }
        catch (ConfiguratorException e)
        {
            return MethodResult.Failed(SectionError.From(e));
        }
        catch (FormatException e)
        {
            return MethodResult.Failed(new SectionError("", e.Message, ErrorCodes.Generic));
        }
    }
}
