using System.Text.Json;
using ModularDM.Contracts;

namespace Contoso.Thermometer;

/// <summary>How far the sensor is off.</summary>
/// <param name="OffsetCelsius">Added to what the sensor says.</param>
internal sealed record Calibration(double OffsetCelsius);

/// <summary>Keeps the calibration in the plugin's own folder, where the section and the method both find it.</summary>
internal sealed class CalibrationFile(IPluginContext context)
{
    private readonly string _path = Path.Combine(context.DataFolder, "calibration.json");

    public async Task<Calibration> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_path))
        {
            return new Calibration(0);
        }

        byte[] json = await File.ReadAllBytesAsync(_path, cancellationToken);
        return JsonSerializer.Deserialize(json, ThermometerJson.Default.Calibration) ?? new Calibration(0);
    }

    public async Task WriteAsync(Calibration calibration, CancellationToken cancellationToken)
    {
        // A new file and a rename: whoever reads meanwhile sees the old one or the new one, never half of it.
        string fresh = _path + ".new";
        await File.WriteAllBytesAsync(fresh, JsonSerializer.SerializeToUtf8Bytes(calibration, ThermometerJson.Default.Calibration), cancellationToken);
        File.Move(fresh, _path, overwrite: true);
    }
}
