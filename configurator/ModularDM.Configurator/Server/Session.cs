using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Server;

/// <summary>One connection from hello to end.</summary>
internal sealed class Session : IDisposable
{
    private readonly Connection _connection;
    private readonly SessionServices _services;
    private readonly FrameStream _frames;
    private readonly Authorizer _authorizer;
    private readonly CallerLimits _limits;
    private readonly InFlightTable _inFlight;
    private readonly LeaderThreads _threads;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimerCallback _atDeadline;
    private ITimer? _helloTimer;
    private bool _greeted;
    private volatile bool _draining;
    private volatile bool _stopped;

    public Session(Connection connection, SessionServices services)
    {
        _connection = connection;
        _services = services;
        _frames = new FrameStream(connection.Stream);
        _authorizer = new Authorizer(services.Policy, connection.Caller);
        _limits = services.Limits.For(connection.Caller.Account);
        _inFlight = new InFlightTable(services.Options.MaxInFlight);
        _threads = new LeaderThreads("session", ReadNext, Finish);
        _atDeadline = state => AnswerAtDeadline((InFlightRequest)state!);
    }

    public CallerIdentity Caller => _connection.Caller;

    /// <summary>Completes when the connection is closed and nothing works for it any more.</summary>
    public Task Ended => _ended.Task;

    public void Start()
    {
        _helloTimer = _services.Clock.CreateTimer(_ => _connection.StopReading(), null, _services.Options.HelloLimit, Timeout.InfiniteTimeSpan);
        _threads.Start();
    }

    /// <summary>Reads no more; what is in flight is finished and answered.</summary>
    public void Drain()
    {
        _draining = true;
        _stopped = true;
        _connection.StopReading();
    }

    /// <summary>Closes at once. What still runs is told to stop and its answer is dropped; the last thread to end frees the rest.</summary>
    public void Dispose()
    {
        _inFlight.CancelAll();
        _connection.Dispose();
    }

    private Action? ReadNext()
    {
        if (Read() is { } request)
        {
            return () => Serve(request);
        }

        if (!_draining)
        {
            // The caller is gone, and with it whoever wanted the answers.
            _inFlight.CancelAll();
        }

        return null;
    }

    private InFlightRequest? Read()
    {
        try
        {
            if (!_greeted && !Greet())
            {
                return null;
            }

            // What is queued already can still be read after the reading side was shut, hence the flag.
            while (!_stopped && Wait(_frames.ReadAsync(CancellationToken.None)) is { } payload)
            {
                if (Admit(payload.Span) is { } request)
                {
                    return request;
                }
            }
        }
        catch (ConfiguratorException e)
        {
            // The stream cannot be read on from here: there is no telling where the next frame begins.
            Respond(new ResponseFrame { Id = 0, Error = e.Error });
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            if (_limits.Lines.TryTake())
            {
                _services.Log.Information("ConnectionLost", $"{Caller}: {e.Message}");
            }
        }
        catch (Exception e)
        {
            _services.Log.Error("SessionFailed", $"{Caller}: {e}");
        }

        return null;
    }

    private bool Greet()
    {
        if (Wait(_frames.ReadAsync(CancellationToken.None)) is not { } payload)
        {
            return false;
        }

        _helloTimer?.Dispose();
        if (ConfiguratorJson.ParseClientFrame(payload.Span) is not ClientHello hello)
        {
            throw ConfiguratorException.BadFrame("The first frame must be a hello.");
        }

        if (hello.Protocol != ConfiguratorProtocol.Version)
        {
            throw ConfiguratorException.BadFrame(
                $"This configurator ({_services.Version}) speaks protocol {ConfiguratorProtocol.Version}, the caller speaks {hello.Protocol}. Install matching versions.");
        }

        if (!_authorizer.IsKnown)
        {
            string denial = $"The policy does not know {Caller}: no entry of \"callers\" is about it.";
            if (_limits.Lines.TryTake())
            {
                _services.Log.Warning("Denied", denial);
            }

            throw ConfiguratorException.Denied(denial);
        }

        _connection.ReadLimit = _services.Options.IdleLimit;
        _greeted = true;
        Wait(_frames.WriteAsync<ServerFrame>(
            new ServerHello
            {
                Protocol = ConfiguratorProtocol.Version,
                Version = _services.Version,
                Platform = _services.Registry.Platform,
                Operations = _services.Registry.Supported,
            },
            ConfiguratorJson.Default.ServerFrame,
            CancellationToken.None));
        return true;
    }

    /// <summary>Does what a frame asks, unless it is a request that was admitted: that one is returned.</summary>
    private InFlightRequest? Admit(ReadOnlySpan<byte> payload)
    {
        if (!_limits.Frames.TryTake())
        {
            Refuse(BadFrames.IdIn(payload), ConfiguratorErrorCode.Busy, "More frames per second than one caller may send.");
            return null;
        }

        try
        {
            switch (ConfiguratorJson.ParseClientFrame(payload))
            {
                case RequestFrame frame:
                    return Admit(frame);
                case CancelFrame cancel:
                    _inFlight.Cancel(cancel.Id);
                    return null;
                case RevokeLeaseFrame revoke:
                    _inFlight.Revoke(revoke.Lease);
                    return null;
                default:
                    throw ConfiguratorException.BadFrame("The hello was said already.");
            }
        }
        catch (ConfiguratorException e)
        {
            Respond(new ResponseFrame { Id = BadFrames.IdIn(payload), Error = e.Error });
            return null;
        }
    }

    private InFlightRequest? Admit(RequestFrame frame)
    {
        TimeSpan limit = RequestCheck.Check(frame);
        if (frame.Request is not IReadOnlyRequest && !_limits.Changes.TryTake())
        {
            Refuse(frame.Id, ConfiguratorErrorCode.Busy, "More changes per second than one caller may ask for.");
            return null;
        }

        var request = new InFlightRequest(frame, limit, _services.Clock);
        switch (_inFlight.TryAdd(request))
        {
            case InFlightTable.Admission.Admitted:
                request.WatchDeadline(_services.Clock, _atDeadline);
                return request;
            case InFlightTable.Admission.DuplicateId:
                request.Dispose();
                throw ConfiguratorException.BadFrame($"Request {frame.Id} is in flight already.");
            default:
                request.Dispose();
                Refuse(frame.Id, ConfiguratorErrorCode.Busy, $"{_services.Options.MaxInFlight} requests of this connection are in flight already.");
                return null;
        }
    }

    private void Serve(InFlightRequest request)
    {
        ConfiguratorResponse? result = null;
        ConfiguratorError? error = null;
        try
        {
            result = _services.Pipeline.Run(request, _authorizer, Caller);
        }
        catch (ConfiguratorException e)
        {
            error = e.Error;
        }
        catch (Exception e)
        {
            _services.Log.Error("OperationFailed", $"{request.OperationName} for {request.Frame.Plugin}: {e}");
            error = new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{request.OperationName} failed in a way nobody foresaw; the configurator's log says how.");
        }

        _inFlight.Remove(request);
        if (request.TryAnswer())
        {
            Respond(new ResponseFrame { Id = request.Frame.Id, Result = result, Error = error, Timing = request.Context.ToTiming() });
        }

        request.Dispose();
    }

    // The operation looks at its deadline itself; this is for one that is stuck in a call which does not return. Its slot stays taken until it does.
    private void AnswerAtDeadline(InFlightRequest request)
    {
        if (request.TryAnswer())
        {
            Respond(new ResponseFrame
            {
                Id = request.Frame.Id,
                Error = ConfiguratorException.Timeout(request.OperationName, request.Limit).Error,
            });
        }
    }

    private void Refuse(long id, ConfiguratorErrorCode code, string message) =>
        Respond(new ResponseFrame { Id = id, Error = new ConfiguratorError(code, message) });

    private void Respond(ResponseFrame response)
    {
        try
        {
            Wait(_frames.WriteAsync<ServerFrame>(response, ConfiguratorJson.Default.ServerFrame, CancellationToken.None));
        }
        catch (ConfiguratorException e) when (response.Result is not null)
        {
            Respond(response with { Result = null, Error = e.Error });
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody reads the answers any more, so no more requests are wanted either.
            _stopped = true;
            _connection.StopReading();
        }
    }

    private void Finish()
    {
        _helloTimer?.Dispose();
        _connection.Dispose();
        _frames.Dispose();
        _ended.TrySetResult();
    }

    // The stream below is synchronous, so that these have finished but for a wait for another writer.
    private static void Wait(ValueTask task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            task.AsTask().GetAwaiter().GetResult();
        }
    }

    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
