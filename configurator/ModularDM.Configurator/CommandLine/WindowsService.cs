using System.Runtime.Versioning;
using System.ServiceProcess;

namespace ModularDM.Configurator.CommandLine;

/// <summary>
/// The configurator as Windows' service manager sees it: running once requests are served, stopped once the last one is answered.
/// Part of the builds for Windows alone.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsService : ServiceBase
{
    public const string Name = "ModularDMConfigurator";

    // ERROR_EXCEPTION_IN_SERVICE: by this the service manager knows a failure from a stop, and may start it again.
    private const int FailedByItself = 1064;
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<Action, CancellationToken, Task> _run;
    private Task _running = Task.CompletedTask;

    /// <param name="run">Serves until it is cancelled; calls the action once requests are served.</param>
    public WindowsService(Func<Action, CancellationToken, Task> run)
    {
        _run = run;
        ServiceName = Name;
        CanShutdown = true;
    }

    protected override void OnStart(string[] args)
    {
        RequestAdditionalTime(s_startLimit);
        _running = Task.Run(() => _run(_ready.SetResult, _stop.Token));
        // What stopped it before it was ready goes to the service manager, and by it to the event log.
        if (Task.WaitAny([_ready.Task, _running], s_startLimit) != 0)
        {
            _stop.Cancel();
            _running.WaitAsync(TimeSpan.Zero).GetAwaiter().GetResult();
        }

        _ = _running.ContinueWith(End, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    protected override void OnStop()
    {
        _stop.Cancel();
        if (_running.IsFaulted)
        {
            return;
        }

        RequestAdditionalTime(s_stopLimit);
        _running.WaitAsync(s_stopLimit).GetAwaiter().GetResult();
    }

    protected override void OnShutdown() => OnStop();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }

        base.Dispose(disposing);
    }

    private void End(Task failed)
    {
        EventLog.WriteEntry($"{Name} ends: {failed.Exception?.GetBaseException().Message}", System.Diagnostics.EventLogEntryType.Error);
        ExitCode = FailedByItself;
        Stop();
    }
}
