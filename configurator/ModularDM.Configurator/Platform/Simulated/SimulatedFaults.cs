using System.Collections.Concurrent;
using System.Text.Json;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>
/// Faults that were switched on, by node address or area name (timeZone, ntp, timeService, reboot, attributes): in <c>faults.json</c> of the state folder,
/// which is read at each use, or by a test.
/// </summary>
internal sealed class SimulatedFaults(string folder)
{
    private readonly string _file = Path.Combine(folder, "faults.json");
    private readonly ConcurrentDictionary<string, SimulatedFault> _set = new(StringComparer.Ordinal);

    public void Set(string name, SimulatedFault? fault)
    {
        if (fault is null)
        {
            _set.TryRemove(LocUri.Normalize(name), out _);
        }
        else
        {
            _set[LocUri.Normalize(name)] = fault;
        }
    }

    public SimulatedFault? For(string name)
    {
        string key = LocUri.Normalize(name);
        return _set.TryGetValue(key, out SimulatedFault? fault) ? fault : FromFile(key);
    }

    /// <summary>Does what the fault of an area says, if one is on.</summary>
    public void Apply(string area, OperationContext context)
    {
        if (For(area) is not { } fault)
        {
            return;
        }

        if (fault.DelayMs > 0)
        {
            context.Step($"simulated delay of {area}", () => Wait(TimeSpan.FromMilliseconds(fault.DelayMs), context));
        }

        if (fault.Status is { } status)
        {
            throw new ConfiguratorException(new ConfiguratorError(
                SyncMlStatus.CodeOf(status), $"The simulated fault on '{area}' says {status}.", $"simulated {status}"));
        }
    }

    private static void Wait(TimeSpan delay, OperationContext context)
    {
        long started = context.Clock.GetTimestamp();
        for (TimeSpan rest = delay; rest > TimeSpan.Zero; rest = delay - context.Clock.GetElapsedTime(started))
        {
            // Throws when the caller gave up or no time is left.
            TimeSpan left = context.Remaining;
            TimeSpan wait = rest < left ? rest : left;
            context.CancellationToken.WaitHandle.WaitOne((int)Math.Ceiling(wait.TotalMilliseconds));
        }

        _ = context.Remaining;
    }

    private SimulatedFault? FromFile(string key)
    {
        if (!File.Exists(_file))
        {
            return null;
        }

        try
        {
            Dictionary<string, SimulatedFault>? faults = JsonSerializer.Deserialize(
                File.ReadAllBytes(_file), SimulatedJson.Default.DictionaryStringSimulatedFault);
            return faults?.FirstOrDefault(entry => LocUri.Normalize(entry.Key) == key).Value;
        }
        catch (JsonException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"'{_file}' cannot be read: {e.Message}"), e);
        }
    }
}
