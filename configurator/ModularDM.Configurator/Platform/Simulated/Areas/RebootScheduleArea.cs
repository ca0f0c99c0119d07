using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>Reboot schedules: whoever sets one, the device waits for it from then on. A daily and a weekly one exclude each other: the one set last holds.</summary>
internal sealed class RebootScheduleArea(Action changed) : SimulatedArea
{
    private const string Schedule = "./Vendor/MSFT/Reboot/Schedule/";

    public override IReadOnlyList<string> Addresses { get; } = [Schedule + "Single", Schedule + "DailyRecurrent", Schedule + "WeeklyRecurrent"];

    public override CspOutcome? OnSet(CspCall call)
    {
        if (!string.IsNullOrEmpty(call.Data))
        {
            switch (call.Node.Name)
            {
                case "DailyRecurrent":
                    call.Tree.Remove(call.Beside("WeeklyRecurrent"));
                    break;
                case "WeeklyRecurrent":
                    call.Tree.Remove(call.Beside("DailyRecurrent"));
                    break;
            }
        }

        call.OnCommit(changed);
        return null;
    }

    public override CspOutcome? OnDelete(CspCall call)
    {
        call.OnCommit(changed);
        return null;
    }
}
