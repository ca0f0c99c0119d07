namespace ModularDM.Plugins.Time;

/// <summary>Words that stand for "no value" in reports of the original client, and that operators' tools send back in desired.</summary>
internal static class Sentinel
{
    /// <summary>A value that could not be read.</summary>
    public const string Error = "<error>";

    /// <summary>What the original wrote for a member that is not there. In desired it means just that: the member is not there.</summary>
    private const string NotFound = "<not found>";

    /// <summary>The text, or null when it only says that there is none.</summary>
    public static string? Drop(string? text) => text is NotFound or Error ? null : text;
}
