namespace ModularDM.Configurator.Server;

/// <summary>
/// The threads of one session, of which one at a time leads: it waits for the next frame. Having read a request it passes the lead on and serves the
/// request itself, so that no request pays for a hand-over between threads, and none delays the reading of the next frame.
/// </summary>
internal sealed class LeaderThreads(string name, Func<Action?> read, Action finished)
{
    private const int StackBytes = 512 * 1024;
    private const int Reserve = 2;
    private readonly object _gate = new();
    private bool _led;
    private bool _ended;
    private int _waiting;
    private int _threads;

    public void Start()
    {
        Interlocked.Increment(ref _threads);
        new Thread(Work, StackBytes) { IsBackground = true, Name = name }.Start();
    }

    private void Work()
    {
        while (TakeLead())
        {
            // Null ends the session; otherwise what is to be done without the lead.
            Action? serve = read();
            if (serve is null)
            {
                End();
                break;
            }

            PassLead();
            serve();
        }

        if (Interlocked.Decrement(ref _threads) == 0)
        {
            finished();
        }
    }

    private bool TakeLead()
    {
        lock (_gate)
        {
            if (_led && !_ended && _waiting >= Reserve)
            {
                return false;
            }

            _waiting++;
            while (_led && !_ended)
            {
                Monitor.Wait(_gate);
            }

            _waiting--;
            return !_ended && (_led = true);
        }
    }

    private void PassLead()
    {
        bool start;
        lock (_gate)
        {
            _led = false;
            start = _waiting == 0;
            Monitor.Pulse(_gate);
        }

        if (start)
        {
            Start();
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }
}
