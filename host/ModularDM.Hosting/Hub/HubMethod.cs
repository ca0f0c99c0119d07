namespace ModularDM.Hosting.Hub;

/// <summary>A direct method call from the hub.</summary>
/// <param name="Name">The full method name.</param>
/// <param name="Payload">The payload as it came; may be empty, and need not be JSON.</param>
public sealed record HubMethodRequest(string Name, ReadOnlyMemory<byte> Payload);

/// <summary>The answer to a direct method call.</summary>
/// <param name="Status">Any integer; the hub hands it to the caller.</param>
/// <param name="Payload">UTF-8 JSON of at most 128 KB, or empty.</param>
public sealed record HubMethodResponse(int Status, ReadOnlyMemory<byte> Payload);
