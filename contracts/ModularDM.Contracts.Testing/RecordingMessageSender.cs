using System.Text.Json;
using System.Threading.Channels;

namespace ModularDM.Contracts.Testing;

/// <summary>Keeps the device-to-cloud messages that a plugin sends.</summary>
public sealed class RecordingMessageSender : IMessageSender
{
    private const int MaxBytes = 256 * 1024;
    private readonly Channel<SentMessage> _unread = Channel.CreateUnbounded<SentMessage>();
    private readonly List<SentMessage> _all = [];

    /// <summary>False: the device is offline and the queue is full, so that every message is dropped.</summary>
    /// <value>The default is true.</value>
    public bool IsOnline { get; set; } = true;

    /// <summary>All messages so far, oldest first.</summary>
    public IReadOnlyList<SentMessage> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Waits for the next message that was not read yet.</summary>
    public ValueTask<SentMessage> NextAsync(CancellationToken cancellationToken) => _unread.Reader.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<bool> SendAsync(ReadOnlyMemory<byte> utf8Json, IReadOnlyDictionary<string, string>? properties, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (utf8Json.Length + (properties?.Sum(p => p.Key.Length + p.Value.Length) ?? 0) > MaxBytes)
        {
            throw new ArgumentException($"A message is at most {MaxBytes} bytes with its properties.", nameof(utf8Json));
        }

        if (!IsOnline)
        {
            return Task.FromResult(false);
        }

        using var document = JsonDocument.Parse(utf8Json);
        var message = new SentMessage(document.RootElement.Clone(), properties is null ? [] : new(properties));
        lock (_all)
        {
            _all.Add(message);
        }

        _unread.Writer.TryWrite(message);
        return Task.FromResult(true);
    }
}

/// <summary>One device-to-cloud message.</summary>
/// <param name="Body">The body.</param>
/// <param name="Properties">The application properties.</param>
public sealed record SentMessage(JsonElement Body, Dictionary<string, string> Properties);
