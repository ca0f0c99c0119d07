using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace ModularDM.Configurator.Authorization;

/// <summary>A program as granted: which, with which arguments, and what a request may fill in.</summary>
internal sealed record GrantedTool(
    string Name, string Path, IReadOnlyList<string> Arguments, FrozenDictionary<string, Regex> Placeholders, bool Secret = false) : GrantedThing(Secret)
{
    public TimeSpan TimeLimit { get; init; }

    public int MaxOutputBytes { get; init; }

    public string WorkingFolder { get; init; } = "/";
}

/// <summary>A file as granted: where it lies, what may stand in it, and whose it becomes.</summary>
internal sealed record GrantedFile(string Name, string Folder, string File, Regex? Pattern, bool Secret = false) : GrantedThing(Secret)
{
    public int MaxBytes { get; init; }

    public bool Json { get; init; }

    public UnixFileMode Mode { get; init; }

    public string? Owner { get; init; }

    public string? Group { get; init; }

    public string Path => System.IO.Path.Combine(Folder, File);
}
