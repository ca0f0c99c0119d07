using ModularDM.Contracts;
using ModularDM.Contracts.Json;

namespace ModularDM.Plugins.Reboot;

/// <summary>The section <c>rebootInfo</c>. Both members are whole statements: absent or empty means that no reboot is scheduled.</summary>
internal sealed record RebootInfoDesired : IValidated
{
    public string? SingleRebootTime { get; init; }

    public string? DailyRebootTime { get; init; }

    IEnumerable<SectionError> IValidated.Validate()
    {
        if (!ScheduleTime.IsGood(SingleRebootTime))
        {
            yield return new SectionError("singleRebootTime", ScheduleTime.Expected, ErrorCodes.InvalidDesiredJsonValue);
        }

        if (!ScheduleTime.IsGood(DailyRebootTime))
        {
            yield return new SectionError("dailyRebootTime", ScheduleTime.Expected, ErrorCodes.InvalidDesiredJsonValue);
        }
    }
}
