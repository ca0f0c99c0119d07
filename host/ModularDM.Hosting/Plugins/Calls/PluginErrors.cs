using System.Diagnostics;
using System.Globalization;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>What the cloud is told when a plugin fails: enough to act on, nothing that belongs in the device's log only.</summary>
internal static class PluginErrors
{
    public static SectionError From(Exception exception) => exception is ConfiguratorException refused ? From(refused) : Fault(exception);

    public static SectionError OutOfTime(TimeSpan limit, bool abandoned) => new(
        "",
        string.Create(CultureInfo.InvariantCulture, $"The plugin did not answer within {limit.TotalSeconds:0.###} s{(abandoned ? " and was quarantined" : "")}."),
        ErrorCodes.DeadlineExceeded);

    public static SectionError NotStarted(TimeSpan limit) => new(
        "", string.Create(CultureInfo.InvariantCulture, $"The plugin's other calls held it for {limit.TotalSeconds:0.###} s; this one was not begun."), ErrorCodes.DeadlineExceeded);

    public static SectionError QueueFull(int waiting) => new(
        "", string.Create(CultureInfo.InvariantCulture, $"The plugin already has {waiting} calls waiting; try again later."), ErrorCodes.PluginUnavailable);

    public static SectionError Unavailable(string pluginId, PluginState state, string reason) => new(
        "", $"The plugin '{pluginId}' is {(state == PluginState.Discovered ? "not active" : state.ToString().ToLowerInvariant())}: {reason}", ErrorCodes.PluginUnavailable);

    private static SectionError From(ConfiguratorException refused) => new(
        "",
        refused.Message,
        refused.Error.ErrCode ?? refused.Code switch
        {
            ConfiguratorErrorCode.Denied => ErrorCodes.Denied,
            ConfiguratorErrorCode.Unavailable => ErrorCodes.ConfiguratorUnavailable,
            _ => ErrorCodes.Generic,
        });

    private static SectionError Fault(Exception exception) => new(
        "",
        Activity.Current is { } activity ? $"The plugin failed; see the device log with trace id {activity.TraceId}." : "The plugin failed; see the device log.",
        exception.HResult,
        ErrorSubSystem.Unknown);
}
