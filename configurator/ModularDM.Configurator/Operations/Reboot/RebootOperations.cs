using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Reboot;

internal sealed class GetRebootScheduleOperation(OperationServices services) : Operation<GetRebootSchedule, RebootSchedule>(OperationArea.Reboot)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Reboot is not null;

    protected override RebootSchedule Run(GetRebootSchedule request, OperationCall call)
    {
        IRebootArea area = Require(services.Platform.Reboot);
        (DateTimeOffset? single, DateTimeOffset? daily) = area.ReadSchedule(call.Context);
        return new RebootSchedule
        {
            LastBoot = area.ReadLastBoot(call.Context),
            LastCommand = services.State.Current.LastRebootCommand,
            Single = single,
            Daily = daily,
        };
    }
}

internal sealed class SetRebootScheduleOperation(OperationServices services) : Operation<SetRebootSchedule, Done>(OperationArea.Reboot)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Reboot is not null;

    protected override Done Run(SetRebootSchedule request, OperationCall call)
    {
        Require(services.Platform.Reboot).SetSchedule(WholeSeconds(request.Single), WholeSeconds(request.Daily), call.Context);
        return Done.Instance;
    }

    private static DateTimeOffset? WholeSeconds(DateTimeOffset? moment)
    {
        if (moment is not { } given)
        {
            return null;
        }

        DateTimeOffset utc = given.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerSecond));
    }
}

internal sealed class GetRebootPolicyOperation(OperationServices services) : Operation<GetRebootPolicy, RebootPolicy>(OperationArea.Reboot)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Reboot is not null;

    protected override RebootPolicy Run(GetRebootPolicy request, OperationCall call) => RebootGate.Read(services, call.Context);
}

internal sealed class SetAllowRebootsOperation(OperationServices services) : Operation<SetAllowReboots, Done>(OperationArea.Reboot)
{
    private const int MaxHolders = 64;
    private const int MaxSeconds = 86400;

    public override bool IsSupportedBy(IPlatform platform) => platform.Reboot is not null;

    protected override Done Run(SetAllowReboots request, OperationCall call)
    {
        double limit = Math.Min(services.RebootRules.MaxLease.TotalSeconds, MaxSeconds);
        if (request.Allow != request.LeaseSeconds is null)
        {
            throw Invalid("A \"no\" to reboots needs leaseSeconds; a \"yes\" takes none.");
        }

        if (request.LeaseSeconds is { } seconds && (seconds < 1 || seconds > limit))
        {
            throw Invalid($"A lease of {seconds} s is outside 1 to {limit:0} s (reboot.maxLeaseSeconds of the policy).");
        }

        DateTimeOffset now = call.Context.Clock.GetUtcNow();
        call.Context.Step("store lease", () => services.State.Update(state =>
        {
            Dictionary<string, DateTimeOffset> leases = state.RebootLeases.Where(lease => lease.Value > now).ToDictionary();
            leases.Remove(call.Plugin);
            if (request.LeaseSeconds is { } length)
            {
                if (leases.Count >= MaxHolders)
                {
                    throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Busy, $"{MaxHolders} plugins forbid reboots already."));
                }

                leases.Add(call.Plugin, now.AddSeconds(length));
            }

            return state with { RebootLeases = leases };
        }));
        return Done.Instance;
    }

    private static ConfiguratorException Invalid(string what) => ConfiguratorException.InvalidArgument(what, ErrorNumbers.InvalidValue);
}

internal sealed class RebootNowOperation(OperationServices services) : Operation<RebootNow, Done>(OperationArea.Reboot)
{
    private const int MaxReasonChars = 200;

    public override bool IsSupportedBy(IPlatform platform) => platform.Reboot is not null;

    protected override Done Run(RebootNow request, OperationCall call)
    {
        if (request.Reason.Length is 0 or > MaxReasonChars || request.Reason.Any(char.IsControl))
        {
            throw ConfiguratorException.InvalidArgument(
                $"The reason must have 1 to {MaxReasonChars} characters without control characters.", ErrorNumbers.InvalidValue);
        }

        IRebootArea area = Require(services.Platform.Reboot);
        RebootGate.Check(services, call.Context);
        // On disk first: after the command nobody may be left to write it.
        call.Context.Step("store command time", () => services.State.Update(state => state with { LastRebootCommand = call.Context.Clock.GetUtcNow() }));
        area.RebootNow(request.Reason, services.RebootRules.Grace, call.Context);
        return Done.Instance;
    }
}
