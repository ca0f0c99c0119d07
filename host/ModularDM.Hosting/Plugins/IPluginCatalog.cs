using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Plugins;

/// <summary>What discovery found, as the rest of the runtime sees it: who owns which name, and how each plugin is doing.</summary>
internal interface IPluginCatalog
{
    /// <summary>Sections by name, of plugins that were accepted. Fixed after discovery.</summary>
    IReadOnlyDictionary<SectionName, ISectionOwner> Sections { get; }

    /// <summary>Methods by full name, of plugins that were accepted. Fixed after discovery.</summary>
    IReadOnlyDictionary<string, IMethodOwner> Methods { get; }

    /// <summary>Every plugin folder that was found, refused ones too.</summary>
    IReadOnlyList<PluginStatus> Plugins { get; }

    /// <summary>True for a section that the configuration switches off (<c>Sections:Disabled</c>).</summary>
    bool IsDisabled(SectionName name);

    /// <summary>Raised after a plugin's state changed. Handlers return at once.</summary>
    event Action? Changed;
}

/// <summary>How a plugin is doing: a snapshot.</summary>
/// <param name="Id">The id; the folder's name when there is no readable manifest.</param>
/// <param name="Version">The manifest's version; null when there is no readable manifest.</param>
/// <param name="State">The state.</param>
/// <param name="Reason">Why, in one line; null in the good states.</param>
/// <param name="Sections">The sections it owns.</param>
/// <param name="Methods">The methods it answers.</param>
internal sealed record PluginStatus(
    string Id, string? Version, PluginState State, string? Reason, IReadOnlyList<string> Sections, IReadOnlyList<string> Methods);

/// <summary>States of a plugin.</summary>
internal enum PluginState
{
    /// <summary>Accepted; its code is not loaded yet.</summary>
    Discovered,

    /// <summary>Loaded and working.</summary>
    Active,

    /// <summary>Not accepted; its code was never loaded.</summary>
    Refused,

    /// <summary>Its code failed while it was being loaded or started; tried again later.</summary>
    Faulted,

    /// <summary>It broke a rule (ran over its limit, brought the process down); not called again until the runtime starts anew.</summary>
    Quarantined,

    /// <summary>Stopped in good order.</summary>
    Stopped,
}
