using System.Collections.Concurrent;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>
/// One thread for all calls of an engine that wants a single multithreaded-apartment thread and cannot be interrupted. Callers wait no longer than they may; a call
/// that was given up before its turn is never made. Over the bound a caller is told to ask later.
/// </summary>
internal sealed class EngineThread : IDisposable
{
    public const int MaxWaiting = 32;
    private readonly BlockingCollection<Call> _calls = new(MaxWaiting);
    private readonly Func<string, string> _engine;

    public EngineThread(string name, Func<string, string> engine)
    {
        _engine = engine;
        var thread = new Thread(Work) { IsBackground = true, Name = name };
        if (OperatingSystem.IsWindows())
        {
            thread.SetApartmentState(ApartmentState.MTA);
        }

        thread.Start();
    }

    /// <exception cref="ConfiguratorException">Busy, out of time, or what the engine threw.</exception>
    public string Run(string body, TimeSpan limit)
    {
        var call = new Call(() => _engine(body));
        if (_calls.IsAddingCompleted || !_calls.TryAdd(call))
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Busy, $"The device management engine has {MaxWaiting} calls waiting already; ask again later."));
        }

        // Waiting by index, since Wait would wrap the exception.
        if (Task.WaitAny([call.Answer], limit) == 0)
        {
            return call.Answer.GetAwaiter().GetResult();
        }

        throw call.GiveUp()
            ? new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Timeout, $"The device management engine was busy for {limit.TotalSeconds:0.###} s; nothing was asked of it."))
            : ConfiguratorException.Timeout("The device management engine", limit);
    }

    public void Dispose() => _calls.CompleteAdding();

    private void Work()
    {
        foreach (Call call in _calls.GetConsumingEnumerable())
        {
            call.Make();
        }
    }

    private sealed class Call(Func<string> engine)
    {
        private int _taken;

        public Task<string> Answer { get; } = new(engine);

        /// <summary>True when its turn had not come; it will not be made then.</summary>
        public bool GiveUp() => Interlocked.Exchange(ref _taken, 1) == 0;

        public void Make()
        {
            if (Interlocked.Exchange(ref _taken, 1) == 0)
            {
                // On this very thread; whatever the engine throws is kept for the caller.
                Answer.RunSynchronously(TaskScheduler.Default);
            }
        }
    }
}
