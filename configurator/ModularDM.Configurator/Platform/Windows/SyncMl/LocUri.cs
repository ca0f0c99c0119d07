namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Addresses of nodes. A segment that comes from data is percent-encoded, so that it stays one segment.</summary>
internal static class LocUri
{
    /// <param name="parent">An address that is fixed in code.</param>
    /// <param name="segment">Any text.</param>
    public static string Combine(string parent, string segment) => $"{parent}/{EscapeSegment(segment)}";

    public static string EscapeSegment(string segment) => Uri.EscapeDataString(segment);

    public static string UnescapeSegment(string segment) => Uri.UnescapeDataString(segment);

    /// <summary>One spelling for the addresses that mean one node: no prefix means the device.</summary>
    public static string Normalize(string locUri) =>
        locUri.StartsWith("./Device/", StringComparison.Ordinal) ? string.Concat("./", locUri.AsSpan("./Device/".Length)) : locUri;
}
