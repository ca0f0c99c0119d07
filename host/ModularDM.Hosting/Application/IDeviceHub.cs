using System.Text.Json;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Application;

/// <summary>
/// The device's hub connection, shared with the application that embeds the runtime: its own twin properties, methods and messages, under names of its own.
/// What belongs to a plugin, and the nodes <c>windows</c> and <c>modularDM</c>, are refused by name. May be used from any thread.
/// </summary>
public interface IDeviceHub
{
    /// <summary>True while the device is connected.</summary>
    bool IsConnected { get; }

    /// <summary>Follows one first-level node of the desired properties.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="changed">
    /// Is given the whole node at each connect and after each patch that names it; of kind Undefined when it is not in desired. Called one at a time; must return at once.
    /// </param>
    /// <returns>Dispose it to stop following.</returns>
    /// <exception cref="ArgumentException">The node belongs to the runtime.</exception>
    IDisposable Follow(string node, Action<JsonElement> changed);

    /// <summary>Reports one first-level node.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="mergePatch">A merge patch for that node (RFC 7396): members are merged, null deletes.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentException">The node belongs to the runtime.</exception>
    /// <exception cref="HubException">Not connected, throttled, refused, or out of time.</exception>
    Task ReportAsync(string node, JsonElement mergePatch, CancellationToken cancellationToken);

    /// <summary>Answers a direct method.</summary>
    /// <param name="name">The full method name.</param>
    /// <param name="handler">Is given the payload (of kind Null when there is none) and returns a status and an answer.</param>
    /// <returns>Dispose it to stop answering.</returns>
    /// <exception cref="ArgumentException">The name is a plugin's or the runtime's, or was mapped before.</exception>
    IDisposable MapMethod(string name, Func<JsonElement, CancellationToken, Task<(int Status, JsonElement Answer)>> handler);

    /// <summary>Sends a device-to-cloud message; done when the hub acknowledged it.</summary>
    /// <exception cref="HubException">Not connected, or out of time.</exception>
    Task SendAsync(DeviceMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Receives the cloud-to-device messages of this device. Nobody else in the runtime does; until an application asks for them they are not subscribed to and stay at
    /// the hub, which keeps 50 of them until they expire.
    /// </summary>
    /// <param name="handler">
    /// Is given one message at a time, in the order they came, and must heed its token, which fires after <c>Hub:RequestTimeoutSeconds</c> and when the connection ends. When
    /// its task ends well the message is acknowledged and gone. When it throws or is out of time, the same message is given to it again after 1, 2, 4 ... 60 s, before any
    /// other. At least once: a message whose acknowledgement is lost, or that a restart interrupted, comes again; <see cref="CloudMessage.MessageId"/> tells.
    /// </param>
    /// <returns>Dispose it to receive no more.</returns>
    /// <exception cref="InvalidOperationException">There is a handler already.</exception>
    IDisposable ReceiveMessages(Func<CloudMessage, CancellationToken, Task> handler);
}
