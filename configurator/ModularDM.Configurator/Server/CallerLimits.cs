using System.Collections.Concurrent;

namespace ModularDM.Configurator.Server;

/// <summary>What one account may still do now, over all its connections.</summary>
internal sealed class CallerLimits(ServerOptions options, TimeProvider clock)
{
    public TokenBucket Frames { get; } = new(options.FramesPerSecond, clock);

    public TokenBucket Changes { get; } = new(options.ChangesPerSecond, clock);

    /// <summary>Log lines about its connections: whoever connects again and again must neither fill the journal nor hold up those who wait behind it.</summary>
    public TokenBucket Lines { get; } = new(10, clock);
}

/// <summary>The limits of every account seen. They outlive a connection, so that connecting anew buys nothing.</summary>
internal sealed class CallerLimitsTable(ServerOptions options, TimeProvider clock)
{
    private const int MaxAccounts = 1024;
    private readonly ConcurrentDictionary<string, CallerLimits> _accounts = new(StringComparer.Ordinal);

    public CallerLimits For(string account)
    {
        if (_accounts.Count >= MaxAccounts && !_accounts.ContainsKey(account))
        {
            // More accounts than a device has: starting over is better than growing.
            _accounts.Clear();
        }

        return _accounts.GetOrAdd(account, static (_, state) => new CallerLimits(state.options, state.clock), (options, clock));
    }
}
