using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ModularDM.Hub.Local.Throttling;

/// <summary>How much a hub takes of each kind of operation. What is <see langword="null"/> is not throttled.</summary>
public sealed record HubThrottle
{
    private const int MaxUnits = 200;

    /// <summary>Reads and changes of identities.</summary>
    public ThrottleRate? Registry { get; init; }

    /// <summary>Connections that devices make, those too that are refused afterwards.</summary>
    public ThrottleRate? Connections { get; init; }

    /// <summary>Messages from devices.</summary>
    public ThrottleRate? DeviceToCloud { get; init; }

    /// <summary>Messages to devices.</summary>
    public ThrottleRate? CloudToDevice { get; init; }

    /// <summary>Method calls, in KB of their requests; each counts in steps of 4.</summary>
    public ThrottleRate? MethodKilobytes { get; init; }

    /// <summary>Twins read, by devices and by services.</summary>
    public ThrottleRate? TwinReads { get; init; }

    /// <summary>Twins changed, by devices and by services.</summary>
    public ThrottleRate? TwinUpdates { get; init; }

    /// <summary>Queries.</summary>
    public ThrottleRate? Queries { get; init; }

    /// <summary>Jobs made, read, listed and cancelled.</summary>
    public ThrottleRate? Jobs { get; init; }

    /// <summary>What jobs do to devices.</summary>
    public ThrottleRate? JobDeviceOperations { get; init; }

    /// <summary>Configurations made, read, changed and tested.</summary>
    public ThrottleRate? Configurations { get; init; }

    /// <summary>The rates of an S1 hub of so many units, each with a burst of its own interval and five seconds of patience.</summary>
    /// <param name="units">From 1 to 200.</param>
    public static HubThrottle S1(int units = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(units, MaxUnits);
        return new HubThrottle
        {
            Registry = ThrottleRate.EachMinute(100 * units),
            Connections = ThrottleRate.EachSecond(Math.Max(100, 12 * units)),
            DeviceToCloud = ThrottleRate.EachSecond(Math.Max(100, 12 * units)),
            CloudToDevice = ThrottleRate.EachMinute(100 * units),
            MethodKilobytes = ThrottleRate.EachSecond(160 * units),
            TwinReads = ThrottleRate.EachSecond(100 * units),
            TwinUpdates = ThrottleRate.EachSecond(50 * units),
            Queries = ThrottleRate.EachMinute(20 * units),
            Jobs = ThrottleRate.EachMinute(100 * units),
            JobDeviceOperations = ThrottleRate.EachSecond(10 * units),
            Configurations = ThrottleRate.EachMinute(20 * units),
        };
    }

    /// <summary>Reads <c>s1</c> or <c>s1:{units}</c>.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out HubThrottle? throttle)
    {
        string[] parts = text.Split(':');
        int units = 1;
        bool good = parts[0] == "s1" && (parts.Length == 1
            || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out units) && units is >= 1 and <= MaxUnits));
        throttle = good ? S1(units) : null;
        return good;
    }
}
