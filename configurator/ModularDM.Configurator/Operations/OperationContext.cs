using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations;

/// <summary>What an operation knows about the request it serves: how long it may take, whether it was given up, and where its steps are written down.</summary>
internal sealed class OperationContext
{
    private readonly long _started;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _clock;
    private readonly List<OperationStep> _steps = [];
    private readonly string _operation;

    public OperationContext(string operation, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        _operation = operation;
        _limit = limit;
        _clock = clock;
        StartedAt = clock.GetUtcNow();
        _started = clock.GetTimestamp();
        CancellationToken = cancellationToken;
    }

    /// <summary>Fires when the caller gave up or its lease was revoked.</summary>
    public CancellationToken CancellationToken { get; }

    public TimeProvider Clock => _clock;

    public DateTimeOffset StartedAt { get; }

    /// <summary>Time left before the caller's deadline; every call out is limited by it.</summary>
    /// <exception cref="ConfiguratorException">None is left (<see cref="ConfiguratorErrorCode.Timeout"/>), or the caller gave up (<see cref="ConfiguratorErrorCode.Revoked"/>).</exception>
    public TimeSpan Remaining
    {
        get
        {
            if (CancellationToken.IsCancellationRequested)
            {
                throw ConfiguratorException.Revoked(_operation);
            }

            TimeSpan left = _limit - _clock.GetElapsedTime(_started);
            return left > TimeSpan.Zero ? left : throw ConfiguratorException.Timeout(_operation, _limit);
        }
    }

    /// <summary>Runs one named step and writes down how long it took. The name says what is done, never with which value.</summary>
    public T Step<T>(string name, Func<T> step)
    {
        _ = Remaining;
        long start = _clock.GetTimestamp();
        bool failed = true;
        try
        {
            T result = step();
            failed = false;
            return result;
        }
        finally
        {
            _steps.Add(new OperationStep(name, Nanos(_clock.GetElapsedTime(_started, start)), Nanos(_clock.GetElapsedTime(start)), failed));
        }
    }

    /// <inheritdoc cref="Step{T}(string, Func{T})"/>
    public void Step(string name, Action step) => Step(name, () =>
    {
        step();
        return true;
    });

    public OperationTiming ToTiming() => new()
    {
        StartUnixNanos = (StartedAt - DateTimeOffset.UnixEpoch).Ticks * 100,
        DurationNanos = Nanos(_clock.GetElapsedTime(_started)),
        Steps = [.. _steps],
    };

    private static long Nanos(TimeSpan time) => time.Ticks * 100;
}
