namespace ModularDM.Contracts.Configurator;

/// <summary>
/// Replaces a file that the policy grants to the plugin by name. Whoever reads it sees the old contents or the new, whatever happens: temporary file, fsync, rename.
/// </summary>
public sealed record WriteAllowedFile : ConfiguratorRequest<Done>
{
    /// <summary>The name the policy gives the file ("app.config"), never a path.</summary>
    public required string Name { get; init; }

    /// <summary>The whole new contents, written as UTF-8; the policy bounds their size and may ask for a pattern or for JSON.</summary>
    public required string Contents { get; init; }

    /// <summary>The file's name; the contents may be secret and are left out.</summary>
    public override string ToString() => $"writeAllowedFile {Name}";
}
