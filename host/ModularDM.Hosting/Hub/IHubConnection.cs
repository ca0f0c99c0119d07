namespace ModularDM.Hosting.Hub;

/// <summary>
/// One device's connection to its hub: Azure IoT Hub, the local hub, or one in memory. The seam to the network; everything above it is the same for all.
/// </summary>
/// <remarks>All members may be called from any thread. Each request has a limit of its own; none waits for ever.</remarks>
public interface IHubConnection
{
    /// <summary>The hub's host name, or what leads to it where the hub is assigned; with <see cref="DeviceId"/> it names the local state. It never changes.</summary>
    string HubHostName { get; }

    /// <summary>The device; <c>device/module</c> for a module of it.</summary>
    string DeviceId { get; }

    /// <summary>True between <see cref="IHubListener.OnConnected"/> and <see cref="IHubListener.OnDisconnected"/>.</summary>
    bool IsConnected { get; }

    /// <summary>Connects, subscribes and connects again for ever; returns when <paramref name="cancellationToken"/> fires, after a clean disconnect.</summary>
    /// <param name="listener">Is told what arrives. Its calls come one after another, except methods.</param>
    /// <param name="cancellationToken">Ends the connection.</param>
    Task RunAsync(IHubListener listener, CancellationToken cancellationToken);

    /// <summary>Fetches the twin's properties.</summary>
    /// <exception cref="HubException">Not connected, throttled, refused, or out of time.</exception>
    Task<HubTwin> GetTwinAsync(CancellationToken cancellationToken);

    /// <summary>Sends one merge patch to the reported properties; done when the hub answered 204.</summary>
    /// <returns>The reported properties' new <c>$version</c>.</returns>
    /// <exception cref="HubException">Not connected, throttled, refused, or out of time. After "out of time" the hub may or may not have it.</exception>
    Task<long> ReportAsync(ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken);

    /// <summary>Sends one device-to-cloud message; done when the hub acknowledged it.</summary>
    /// <exception cref="HubException">Not connected, or out of time.</exception>
    Task SendMessageAsync(DeviceMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Wants cloud-to-device messages, from now on and for every later connection. Without a handler none is subscribed to, and they stay at the hub. A module gets none.
    /// </summary>
    /// <param name="handler">
    /// Is given one message at a time, in order. When its task ends well the message is acknowledged and gone; when it throws, or takes longer than
    /// <c>Hub:RequestTimeoutSeconds</c>, it is given the same message again after a pause. At least once: a message whose acknowledgement is lost comes again.
    /// </param>
    /// <returns>Dispose it to want no more.</returns>
    /// <exception cref="InvalidOperationException">There is a handler already.</exception>
    IDisposable ReceiveMessages(Func<CloudMessage, CancellationToken, Task> handler);
}
