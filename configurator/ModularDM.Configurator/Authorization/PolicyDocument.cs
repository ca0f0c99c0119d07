using System.Text.Json.Serialization;

namespace ModularDM.Configurator.Authorization;

/// <summary>The policy file as it is written. <see cref="PolicyReader"/> turns it into a <see cref="Policy"/> or says all that is wrong with it.</summary>
internal sealed record PolicyDocument
{
    /// <summary>The version of this format; 1.</summary>
    public int? Version { get; init; }

    public IReadOnlyList<CallerEntry>? Callers { get; init; }

    public RebootEntry? Reboot { get; init; }

    /// <summary>For an operation how it is confirmed: <c>twoCalls</c>, <c>oneCall</c>, <c>localApproval</c> or <c>deny</c>.</summary>
    public IReadOnlyDictionary<string, string>? Confirm { get; init; }

    /// <summary>How long a confirmation holds, 5 to 3600; 120 by default.</summary>
    public int? ConfirmSeconds { get; init; }
}

/// <summary>One subject, and what the plugins it speaks for may do.</summary>
internal sealed record CallerEntry
{
    /// <summary><c>unit:NAME.service</c>, <c>uid:NUMBER</c> or <c>sid:S-1-...</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>With <c>unit:</c>, the account the unit runs as, by name or number.</summary>
    public string? User { get; init; }

    public IReadOnlyList<GrantEntry>? Grants { get; init; }
}

/// <summary>What one plugin, or all plugins of one vendor, may do.</summary>
internal sealed record GrantEntry
{
    /// <summary>A plugin id, or <c>vendor.*</c>.</summary>
    public string? Plugin { get; init; }

    /// <summary>Wire names of operations.</summary>
    public IReadOnlyList<string>? Operations { get; init; }

    /// <summary>The attributes that <c>readAttribute</c> and <c>writeAttribute</c> reach.</summary>
    public IReadOnlyList<AttributeEntry>? Attributes { get; init; }

    /// <summary>The nodes that <c>csp</c> reaches.</summary>
    public IReadOnlyList<CspEntry>? Csp { get; init; }

    /// <summary>The programs that <c>runAllowedTool</c> reaches.</summary>
    public IReadOnlyList<ToolEntry>? Tools { get; init; }

    /// <summary>The files that <c>writeAllowedFile</c> reaches.</summary>
    public IReadOnlyList<FileEntry>? Files { get; init; }
}

/// <summary>One device attribute under the name by which plugins ask for it.</summary>
internal sealed record AttributeEntry
{
    public string? Name { get; init; }

    /// <summary>The file, absolute.</summary>
    public string? Path { get; init; }

    /// <summary>The expression that a value written must match as a whole; without it the attribute can only be read.</summary>
    public string? Pattern { get; init; }

    /// <summary>True keeps values written out of the audit.</summary>
    public bool? Secret { get; init; }
}

/// <summary>A part of the CSP tree, and what may be done in it.</summary>
internal sealed record CspEntry
{
    /// <summary>The node under which everything is granted, with the node itself; no wildcards.</summary>
    public string? LocUri { get; init; }

    /// <summary>get, replace, add, delete, exec.</summary>
    public IReadOnlyList<string>? Verbs { get; init; }

    /// <summary>True keeps values written out of the audit.</summary>
    public bool? Secret { get; init; }
}

/// <summary>A program under the name by which plugins ask for it.</summary>
internal sealed record ToolEntry
{
    public string? Name { get; init; }

    /// <summary>The program, absolute. It and every folder above it must be out of reach of others.</summary>
    public string? Path { get; init; }

    /// <summary>Its arguments, one item each; <c>{name}</c> stands for a value of the request.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>For each placeholder the expression that its value must match as a whole.</summary>
    public IReadOnlyDictionary<string, string>? Placeholders { get; init; }

    /// <summary>1 to 600; 30 by default.</summary>
    public int? TimeLimitSeconds { get; init; }

    /// <summary>Bytes kept of each of its two outputs, 0 to 65536; 16384 by default.</summary>
    public int? MaxOutputBytes { get; init; }

    /// <summary>Where it starts, absolute; <c>/</c> by default.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>True keeps the values out of the audit.</summary>
    public bool? Secret { get; init; }
}

/// <summary>A file under the name by which plugins ask for it.</summary>
internal sealed record FileEntry
{
    public string? Name { get; init; }

    /// <summary>An existing folder, absolute, without links on the way.</summary>
    public string? Folder { get; init; }

    /// <summary>The file, relative to the folder.</summary>
    public string? File { get; init; }

    /// <summary>The longest contents in bytes, 1 to 524288; 65536 by default.</summary>
    public int? MaxBytes { get; init; }

    /// <summary>The expression that the contents must match as a whole.</summary>
    public string? Pattern { get; init; }

    /// <summary>True asks for one JSON value.</summary>
    public bool? Json { get; init; }

    /// <summary>Octal; 0600 by default. Not writable by others, no set-id bits.</summary>
    public string? Mode { get; init; }

    /// <summary>The account it is given to, by name or number; root by default.</summary>
    public string? Owner { get; init; }

    /// <summary>The group it is given to, by name or number; root's by default.</summary>
    public string? Group { get; init; }

    /// <summary>True keeps the contents out of the audit; otherwise their length and SHA-256 are written.</summary>
    public bool? Secret { get; init; }
}

/// <summary>When commanded reboots may happen.</summary>
internal sealed record RebootEntry
{
    /// <summary>False forbids commanded reboots; true by default.</summary>
    public bool? AllowReboots { get; init; }

    /// <summary>First hour (0-23, local) in which the device is in use.</summary>
    public int? ActiveHoursStart { get; init; }

    /// <summary>First hour (0-23, local) after use.</summary>
    public int? ActiveHoursEnd { get; init; }

    /// <summary>Seconds between the command and the reboot, 0 to 3600; 60 by default.</summary>
    public int? GraceSeconds { get; init; }

    /// <summary>The longest lease on "no reboots" in seconds, 1 to 86400; 3600 by default.</summary>
    public int? MaxLeaseSeconds { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    ReadCommentHandling = System.Text.Json.JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    MaxDepth = 16,
    WriteIndented = true)]
[JsonSerializable(typeof(PolicyDocument))]
internal sealed partial class PolicyJson : JsonSerializerContext;
