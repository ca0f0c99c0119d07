using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Reboot;

/// <summary>Looks at everything that may stand in the way of a commanded reboot.</summary>
internal static class RebootGate
{
    public static RebootPolicy Read(OperationServices services, OperationContext context)
    {
        Platform.IRebootArea area = services.Platform.Reboot ?? throw ConfiguratorException.NotSupported("Reboots are not supported on this platform.");
        return new RebootPolicy
        {
            AllowReboots = services.RebootRules.AllowReboots && HoldersAt(services, context).Count == 0,
            ActiveHoursStart = services.RebootRules.ActiveHoursStart,
            ActiveHoursEnd = services.RebootRules.ActiveHoursEnd,
            InActiveHours = services.RebootRules.IsActiveAt(area.ReadLocalTime(context)),
            GraceSeconds = (int)services.RebootRules.Grace.TotalSeconds,
            Inhibitors = area.ReadInhibitors(context),
        };
    }

    /// <exception cref="ConfiguratorException">Something stands in the way; the detail is one word of the published contract's or names the inhibitor.</exception>
    public static void Check(OperationServices services, OperationContext context)
    {
        if (!services.RebootRules.AllowReboots)
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Denied, "The policy file forbids commanded reboots (reboot.allowReboots).", "disabled"));
        }

        if (HoldersAt(services, context) is [var holder, ..])
        {
            throw Blocked($"Plugin '{holder.Key}' forbids reboots until {holder.Value:yyyy-MM-dd'T'HH:mm:ss'Z'}.", "disabled");
        }

        RebootPolicy policy = Read(services, context);
        if (policy.InActiveHours)
        {
            throw Blocked($"The device is in use between {policy.ActiveHoursStart}:00 and {policy.ActiveHoursEnd}:00 local time.", "inActiveHours");
        }

        if (policy.Inhibitors.Count > 0)
        {
            throw Blocked($"Shutdown is blocked by {string.Join("; ", policy.Inhibitors)}.", "inhibited");
        }
    }

    private static List<KeyValuePair<string, DateTimeOffset>> HoldersAt(OperationServices services, OperationContext context)
    {
        DateTimeOffset now = context.Clock.GetUtcNow();
        return [.. services.State.Current.RebootLeases.Where(lease => lease.Value > now)];
    }

    private static ConfiguratorException Blocked(string what, string detail) => new(new ConfiguratorError(ConfiguratorErrorCode.Conflict, what, detail));
}
