using System.Text;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>Keeps what is logged, exceptions in full.</summary>
internal sealed class CapturedLog<T> : ILogger<T>
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    public async Task WaitForAsync(string part, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_text.ToString().Contains(part, StringComparison.Ordinal))
                {
                    return;
                }

                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        TaskCompletionSource told;
        lock (_gate)
        {
            _text.Append(logLevel).Append(' ').AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
            told = _more;
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        told.SetResult();
    }
}
