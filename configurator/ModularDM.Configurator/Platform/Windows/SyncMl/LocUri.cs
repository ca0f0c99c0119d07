namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Addresses of nodes. A segment that comes from data is percent-encoded, so that it stays one segment.</summary>
internal static class LocUri
{
    private const string Root = "./";
    private const string Device = "./Device/";
    private const string ListQuery = "?list=";

    /// <param name="parent">An address that is fixed in code.</param>
    /// <param name="segment">Any text.</param>
    public static string Combine(string parent, string segment) => $"{parent}/{EscapeSegment(segment)}";

    public static string EscapeSegment(string segment) => Uri.EscapeDataString(segment);

    public static string UnescapeSegment(string segment) => segment.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(segment) : segment;

    /// <summary>One spelling for the addresses that mean one node: no prefix means the device.</summary>
    public static string Normalize(string locUri) =>
        locUri.StartsWith(Device, StringComparison.OrdinalIgnoreCase) ? string.Concat(Root, locUri.AsSpan(Device.Length)) : locUri;

    public static string WithList(string locUri, CspList list) => list == CspList.None ? locUri : $"{locUri}{ListQuery}{list}";

    /// <summary>Takes the query off an address.</summary>
    /// <returns>False when there is a query that nobody knows.</returns>
    public static bool TrySplitList(string text, out string locUri, out CspList list)
    {
        int query = text.IndexOf('?', StringComparison.Ordinal);
        locUri = query < 0 ? text : text[..query];
        list = CspList.None;
        return query < 0
            || (text.AsSpan(query).StartsWith(ListQuery, StringComparison.OrdinalIgnoreCase)
                && Enum.TryParse(text.AsSpan(query + ListQuery.Length), ignoreCase: true, out list)
                && list is CspList.Struct or CspList.StructData);
    }

    /// <summary>The names on the way from the root to the node, decoded and without the device's prefix.</summary>
    /// <returns>False when it starts with a slash, does not start at the root, or has a name that is empty or only an asterisk.</returns>
    public static bool TrySplit(string locUri, out string[] names)
    {
        names = [];
        if (!locUri.StartsWith(Root, StringComparison.Ordinal))
        {
            // The root itself has the address ".".
            return locUri == ".";
        }

        string path = Normalize(locUri);
        string[] parts = path[Root.Length..].Split('/');
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = UnescapeSegment(parts[i]);
            if (parts[i].Length == 0 || parts[i] == "*")
            {
                return false;
            }
        }

        names = parts is ["Device"] ? [] : parts;
        return true;
    }
}
