using System.Composition;

namespace ModularDM.Contracts.Twin;

/// <summary>
/// Exports a class as the owner of a twin section. Discovery reads it from the assembly's metadata without loading code, so every argument is a constant.
/// </summary>
/// <example><code>
/// [TwinSection("contoso.fan", ApplyTimeoutSeconds = 5)]
/// internal sealed class FanSection(IPluginContext context) : TwinSection&lt;FanSettings&gt;(FanJson.Default.FanSettings) { ... }
/// </code></example>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
[MetadataAttribute]
public sealed class TwinSectionAttribute : ExportAttribute
{
    /// <summary>The largest limit that an attribute may ask for; policy may cap it further.</summary>
    public const int MaxTimeoutSeconds = 3600;

    /// <summary>Owns <paramref name="name"/>.</summary>
    /// <param name="name"><c>vendor.section</c>. A name without a dot belongs to the core vendor and is accepted from the core plugin folder only.</param>
    public TwinSectionAttribute(string name)
        : base(typeof(ITwinSection)) => Name = name;

    /// <summary>The section's name as written.</summary>
    public string Name { get; }

    /// <summary>Sections that are applied before this one, as written here or with their vendor. If one fails, this one fails and names it.</summary>
    public string[] After { get; set; } = [];

    /// <summary>Seconds that Apply may take.</summary>
    /// <value>The default is 60.</value>
    public int ApplyTimeoutSeconds { get; set; } = 60;

    /// <summary>Seconds that Read may take.</summary>
    /// <value>The default is 10.</value>
    public int ReadTimeoutSeconds { get; set; } = 10;

    /// <summary>True when the device forgets the setting at power-off, so that it is applied again at every start of the runtime even if nothing changed.</summary>
    /// <value>The default is false.</value>
    public bool ApplyAtBoot { get; set; }

    /// <summary>True when the desired value may hold secrets: it is then kept in memory alone, and applied anew in every run.</summary>
    /// <value>The default is false.</value>
    public bool HoldsSecrets { get; set; }
}
