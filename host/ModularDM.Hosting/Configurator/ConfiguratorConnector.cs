using Microsoft.Extensions.Logging;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Hosting.Configurator;

/// <summary>
/// Makes the connection to root when it is first wanted, and again after a loss. While root is down requests fail at once, between attempts that grow apart.
/// </summary>
internal sealed partial class ConfiguratorConnector(string endpoint, TimeProvider clock, ILogger logger) : IDisposable
{
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromSeconds(2);

    // A service that is being restarted is back within this; a request that comes just then waits instead of failing.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly string _version = typeof(ConfiguratorConnector).Assembly.GetName().Version!.ToString(3);
    private Task<ConfiguratorConnection>? _connecting;
    private volatile ConfiguratorConnection? _current;
    private ConfiguratorException? _lastFailure;
    private int _failures;
    private long _failedAt;
    private bool _disposed;

    /// <summary>The open connection, if there is one.</summary>
    public ConfiguratorConnection? Current => _current is { IsOpen: true } open ? open : null;

    /// <summary>What root said of itself last.</summary>
    public ServerHello? Peer => _current?.Peer;

    /// <summary>The open connection, or a new one.</summary>
    /// <exception cref="ConfiguratorException">Root does not answer, refuses this host, or speaks another protocol; known at the latest after two seconds.</exception>
    public ValueTask<ConfiguratorConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Current is { } open)
        {
            return ValueTask.FromResult(open);
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (Current is { } other)
            {
                return ValueTask.FromResult(other);
            }

            if (_connecting is null or { IsCompleted: true })
            {
                if (_failures > 0 && clock.GetElapsedTime(_failedAt) < Backoff())
                {
                    throw new ConfiguratorException(_lastFailure!.Error, _lastFailure);
                }

                _connecting = Task.Run(OpenAsync, CancellationToken.None);
            }

            return new ValueTask<ConfiguratorConnection>(_connecting.WaitAsync(cancellationToken));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _current?.Dispose();
        }
    }

    private TimeSpan Backoff() => TimeSpan.FromTicks(Math.Min(s_longestBackoff.Ticks, s_firstBackoff.Ticks << Math.Min(_failures - 1, 10)));

    private async Task<ConfiguratorConnection> OpenAsync()
    {
        long started = clock.GetTimestamp();
        using var limit = new CancellationTokenSource(s_connectLimit, clock);
        while (true)
        {
            try
            {
                Stream stream = await ConfiguratorEndpoint.OpenAsync(endpoint, limit.Token);
                return Accept(await ConfiguratorConnection.StartAsync(endpoint, stream, _version, limit.Token));
            }
            catch (ConfiguratorException e)
            {
                throw Failed(e);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException or UnauthorizedAccessException)
            {
                if (_failures > 0 || limit.IsCancellationRequested || clock.GetElapsedTime(started) >= s_patience)
                {
                    throw Failed(ConfiguratorException.Unavailable(endpoint, e));
                }
            }

            await Task.Delay(s_pause, clock, CancellationToken.None);
        }
    }

    private ConfiguratorConnection Accept(ConfiguratorConnection connection)
    {
        lock (_gate)
        {
            _failures = 0;
            _lastFailure = null;
            _current = connection;
            if (_disposed)
            {
                connection.Dispose();
            }
        }

        Connected(endpoint, connection.Peer.Version, connection.Peer.Platform, connection.Peer.Operations.Count, _version);
        _ = LogLossAsync(connection);
        return connection;
    }

    private ConfiguratorException Failed(ConfiguratorException failure)
    {
        bool first;
        lock (_gate)
        {
            first = _failures++ == 0;
            _lastFailure = failure;
            _failedAt = clock.GetTimestamp();
        }

        if (first)
        {
            NotReachable(failure, endpoint, failure.Message);
        }

        return failure;
    }

    private async Task LogLossAsync(ConfiguratorConnection connection)
    {
        Exception? cause = await connection.Closed;
        if (!_disposed)
        {
            Lost(cause, endpoint);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to configurator {PeerVersion} ({Platform}, {Operations} operations) at '{Endpoint}'; this host is {Version}.")]
    private partial void Connected(string endpoint, string peerVersion, string platform, int operations, string version);

    [LoggerMessage(Level = LogLevel.Error, Message = "The configurator at '{Endpoint}' cannot be used: {Reason} Further failures are not logged until it answers.")]
    private partial void NotReachable(Exception exception, string endpoint, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to the configurator at '{Endpoint}' ended. The next request makes a new one.")]
    private partial void Lost(Exception? exception, string endpoint);
}
