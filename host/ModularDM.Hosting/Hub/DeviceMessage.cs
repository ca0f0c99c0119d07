namespace ModularDM.Hosting.Hub;

/// <summary>A device-to-cloud message.</summary>
/// <param name="Body">The body; at most 256 KB with the properties.</param>
/// <param name="Properties">Application properties.</param>
/// <param name="ContentType">The body's media type.</param>
/// <param name="ContentEncoding">The body's character encoding.</param>
public sealed record DeviceMessage(
    ReadOnlyMemory<byte> Body,
    IReadOnlyDictionary<string, string> Properties,
    string ContentType = "application/json",
    string ContentEncoding = "utf-8");
