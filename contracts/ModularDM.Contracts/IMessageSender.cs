namespace ModularDM.Contracts;

/// <summary>Sends device-to-cloud messages over the host's hub connection. May be used from any thread.</summary>
public interface IMessageSender
{
    /// <summary>Sends one message.</summary>
    /// <param name="utf8Json">The body, JSON in UTF-8; with its properties at most 256 KB.</param>
    /// <param name="properties">Application properties; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>
    /// True when the hub has acknowledged the message; false when it was dropped because the device is offline and the queue of waiting messages is full.
    /// </returns>
    /// <exception cref="ArgumentException">The message is too large.</exception>
    Task<bool> SendAsync(ReadOnlyMemory<byte> utf8Json, IReadOnlyDictionary<string, string>? properties, CancellationToken cancellationToken);
}
