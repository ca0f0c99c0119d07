using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.Win32;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Time;

/// <summary>The Windows time service, through the service control manager.</summary>
internal sealed class WindowsTimeServiceArea(IWin32Services services) : ITimeServiceArea
{
    internal const string Service = "w32time";
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    public TimeServiceSettings Read(OperationContext context)
    {
        ServiceState state = context.Step("query time service", () => services.Query(Service));
        return new TimeServiceSettings
        {
            Enabled = state.Start != ServiceStart.Disabled,
            Startup = state.Start == ServiceStart.Automatic ? ServiceStartup.Auto : ServiceStartup.Manual,
            Started = state.Phase == ServiceState.Running,
        };
    }

    public void Set(TimeServiceSettings settings, OperationContext context)
    {
        // A disabled service cannot start, so that comes first; one that is to be disabled is stopped after, so that nothing starts it meanwhile.
        ServiceStart start = !settings.Enabled ? ServiceStart.Disabled : settings.Startup == ServiceStartup.Auto ? ServiceStart.Automatic : ServiceStart.Manual;
        context.Step("set start of time service", () => services.SetStart(Service, start));
        bool run = settings is { Enabled: true, Started: true };
        int wanted = run ? ServiceState.Running : ServiceState.Stopped;
        if (services.Query(Service).Phase == wanted)
        {
            return;
        }

        context.Step(run ? "start time service" : "stop time service", () =>
        {
            if (run)
            {
                services.Start(Service);
            }
            else
            {
                services.Stop(Service);
            }

            Await(wanted, context);
        });
    }

    private void Await(int wanted, OperationContext context)
    {
        while (services.Query(Service).Phase != wanted)
        {
            // Throws when no time is left or the caller gave up.
            TimeSpan left = context.Remaining;
            context.CancellationToken.WaitHandle.WaitOne(s_pause < left ? s_pause : left);
        }
    }
}
