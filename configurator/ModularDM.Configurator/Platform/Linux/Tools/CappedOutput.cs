using System.Text;

namespace ModularDM.Configurator.Platform.Linux.Tools;

/// <summary>One output of a program: read to its end, so that the program never waits for us, and kept up to a limit.</summary>
internal sealed class CappedOutput(Stream stream, int maxBytes)
{
    private readonly byte[] _kept = new byte[maxBytes];
    private readonly Lock _gate = new();
    private int _length;
    private bool _truncated;

    public bool Truncated
    {
        get
        {
            lock (_gate)
            {
                return _truncated;
            }
        }
    }

    /// <summary>Completes when every writer has closed its end.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4096];
        int got;
        while ((got = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            lock (_gate)
            {
                int taken = Math.Min(got, maxBytes - _length);
                buffer.AsSpan(0, taken).CopyTo(_kept.AsSpan(_length));
                _length += taken;
                _truncated |= taken < got;
            }
        }
    }

    public string Text()
    {
        lock (_gate)
        {
            return Encoding.UTF8.GetString(_kept, 0, _length);
        }
    }
}
