using System.Globalization;

namespace ModularDM.Configurator.Platform.Linux.DeviceInfo;

/// <summary>The first system battery, in the numbers of the published contract: status 0 none, 1 discharging, 2 idle, 3 charging; the rest -1 unless it discharges.</summary>
internal sealed record Battery(string Status, string Remaining, string Runtime)
{
    private const string Unknown = "-1";

    public static Battery Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return new Battery("0", Unknown, Unknown);
        }

        foreach (string supply in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            // A mouse has a battery too, of scope Device.
            if (Value(supply, "type") == "Battery" && Value(supply, "scope") is not "Device")
            {
                return Value(supply, "status") switch
                {
                    "Charging" => new Battery("3", Unknown, Unknown),
                    "Discharging" => new Battery("1", Value(supply, "capacity") ?? Unknown, Minutes(supply)),
                    _ => new Battery("2", Unknown, Unknown),
                };
            }
        }

        return new Battery("0", Unknown, Unknown);
    }

    private static string? Value(string supply, string name) => TextFile.Read(Path.Combine(supply, name));

    private static string Minutes(string supply)
    {
        if (Number(supply, "time_to_empty_now") is { } seconds)
        {
            return (seconds / 60).ToString(CultureInfo.InvariantCulture);
        }

        long? left = Number(supply, "energy_now") ?? Number(supply, "charge_now");
        long? drain = Number(supply, "power_now") ?? Number(supply, "current_now");
        return left is { } l && drain is > 0 and { } d ? (l * 60 / d).ToString(CultureInfo.InvariantCulture) : Unknown;
    }

    private static long? Number(string supply, string name) =>
        long.TryParse(Value(supply, name), NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value < long.MaxValue / 60 ? value : null;
}
