namespace ModularDM.Hosting.Hub;

/// <summary>Is told what a hub connection receives.</summary>
public interface IHubListener
{
    /// <summary>Connected and subscribed: the twin can be fetched now, and every later desired patch will arrive. Must return at once.</summary>
    void OnConnected();

    /// <summary>The connection is gone; requests under way have failed. Must return at once.</summary>
    /// <param name="reason">For the log.</param>
    void OnDisconnected(string reason);

    /// <summary>A desired patch arrived, <c>$version</c> included. Must return at once: patches come in order and wait for each other.</summary>
    /// <param name="patch">UTF-8 JSON that the listener may keep.</param>
    void OnDesired(ReadOnlyMemory<byte> patch);

    /// <summary>
    /// A direct method was called. Must return its task at once, whatever the method then does: nothing else is received meanwhile. Calls may overlap. The connection
    /// sends the answer; it never throws but on cancellation.
    /// </summary>
    Task<HubMethodResponse> OnMethodAsync(HubMethodRequest request, CancellationToken cancellationToken);
}
