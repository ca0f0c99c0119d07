using System.Net.Sockets;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Server;

/// <summary>Accepts connections until it is told to stop, then lets what runs finish.</summary>
internal sealed class ConfiguratorServer(IConnectionListener listener, SessionServices services)
{
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly HashSet<Session> _sessions = [];
    private readonly Lock _gate = new();

    /// <summary>Returns when everything is closed.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                Connection connection;
                try
                {
                    connection = await listener.AcceptAsync(stop);
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    // Out of descriptors, or a caller that was gone before it could be identified.
                    services.Log.Warning("AcceptFailed", e.Message);
                    await Task.Delay(s_pauseAfterFailure, services.Clock, stop);
                    continue;
                }

                Admit(connection);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        listener.Dispose();
        await DrainAsync();
    }

    private void Admit(Connection connection)
    {
        Session session;
        lock (_gate)
        {
            if (_sessions.Count >= services.Options.MaxConnections
                || _sessions.Count(other => other.Caller.Account == connection.Caller.Account) >= services.Options.MaxConnectionsPerCaller)
            {
                Refuse(connection);
                return;
            }

            session = new Session(connection, services);
            _sessions.Add(session);
        }

        session.Ended.ContinueWith(
            (_, ended) =>
            {
                lock (_gate)
                {
                    _sessions.Remove((Session)ended!);
                }
            },
            session,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        session.Start();
    }

    private void Refuse(Connection connection)
    {
        if (services.Limits.For(connection.Caller.Account).Lines.TryTake())
        {
            services.Log.Warning("TooManyConnections", $"{connection.Caller} was refused.");
        }

        using (connection)
        using (var frames = new FrameStream(connection.Stream))
        {
            try
            {
                // Fits into the socket's buffer, so it does not wait for the other end.
                ValueTask write = frames.WriteAsync<ServerFrame>(
                    new ResponseFrame { Id = 0, Error = new ConfiguratorError(ConfiguratorErrorCode.Busy, "Too many connections are open.") },
                    ConfiguratorJson.Default.ServerFrame,
                    CancellationToken.None);
                write.AsTask().GetAwaiter().GetResult();
            }
            catch (IOException)
            {
                // It did not wait for the answer.
            }
        }
    }

    private async Task DrainAsync()
    {
        Session[] open;
        lock (_gate)
        {
            open = [.. _sessions];
        }

        foreach (Session session in open)
        {
            session.Drain();
        }

        Task all = Task.WhenAll(open.Select(session => session.Ended));
        try
        {
            await all.WaitAsync(services.Options.DrainLimit, services.Clock);
        }
        catch (TimeoutException)
        {
            services.Log.Warning("DrainIncomplete", $"{open.Count(session => !session.Ended.IsCompleted)} connections still had work in flight and are closed.");
            foreach (Session session in open)
            {
                session.Dispose();
            }
        }
    }
}
