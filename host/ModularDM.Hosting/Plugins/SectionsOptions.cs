namespace ModularDM.Hosting.Plugins;

/// <summary>Which sections this device does not manage.</summary>
public sealed class SectionsOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Sections";

    /// <summary>Sections that are switched off, as <c>contoso.fan</c>; a name without a dot belongs to the core vendor.</summary>
    /// <value>The default is none.</value>
    public string[] Disabled { get; set; } = [];
}
