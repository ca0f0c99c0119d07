namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>
/// The right of one call, or of a plugin's background work, to use the plugin's context. It flows with the call through awaits, timers and threads that the call starts.
/// </summary>
internal sealed class PluginLease(PluginLeases owner)
{
    private static readonly AsyncLocal<PluginLease?> s_current = new();
    private static long s_lastId;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _revocation;
    private State _state;

    private enum State
    {
        Held,
        Ended,
        Revoked,
    }

    /// <summary>The lease that the running code was started under.</summary>
    public static PluginLease? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    /// <summary>Unique in this process; never 0, which is the host's own.</summary>
    public long Id { get; } = Interlocked.Increment(ref s_lastId);

    public PluginLeases Owner { get; } = owner;

    public bool HasEnded => _state == State.Ended;

    public bool IsRevoked => _state == State.Revoked;

    /// <summary>Fires at revocation.</summary>
    public CancellationToken Revocation
    {
        get
        {
            lock (_gate)
            {
                _revocation ??= new CancellationTokenSource();
                if (_state == State.Revoked)
                {
                    _revocation.Cancel();
                }

                return _revocation.Token;
            }
        }
    }

    /// <summary>The call ended in good order.</summary>
    public void End()
    {
        lock (_gate)
        {
            _state = _state == State.Held ? State.Ended : _state;
        }
    }

    /// <summary>The call was given up: from now on everything done under this lease is refused.</summary>
    public void Revoke()
    {
        CancellationTokenSource? revocation;
        lock (_gate)
        {
            _state = State.Revoked;
            revocation = _revocation;
        }

        // The waiting plugin code must not run here, on the thread of whoever gave the call up.
        revocation?.CancelAsync();
    }
}
