using System.Diagnostics.Metrics;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Plugins;

/// <summary>Counts plugins by state.</summary>
internal static class PluginTelemetry
{
    private static readonly UpDownCounter<int> s_plugins = HostTelemetry.Meter.CreateUpDownCounter<int>("modulardm.plugins", "{plugin}", "Plugins, by state.");

    /// <summary>One plugin went from a state to another; null is "not there".</summary>
    public static void Moved(PluginState? from, PluginState? to)
    {
        Add(from, -1);
        Add(to, 1);
    }

    private static void Add(PluginState? state, int change)
    {
        if (state is { } some)
        {
            s_plugins.Add(change, new KeyValuePair<string, object?>("modulardm.plugin.state", some.ToString()));
        }
    }
}
