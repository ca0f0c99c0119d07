namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>
/// What a node does beyond keeping a value. A behaviour is given to <see cref="CspTree"/> with the addresses that it is for; a name that is not fixed is
/// written <c>{*}</c>, and the short spelling of the device's addresses is used (<c>./Vendor/MSFT/WiFi/Profile/{*}/WlanXml</c>).
/// </summary>
/// <remarks>
/// Called under the tree's lock, one command at a time, after the rules of the node (access, format, allowed values, existence) were kept.
/// Null means that the tree goes on as usual. Any other outcome is the answer; when it is a failure, all that the command changed is undone.
/// State that must outlive the process goes into nodes (<see cref="CspTree.Set"/>) or into <see cref="CspTree.Memory"/>, effects outside the tree into
/// <see cref="CspCall.OnCommit"/>. From a timer or a thread of its own a behaviour uses <see cref="CspTree.Change"/>.
/// </remarks>
internal interface ICspNodeBehaviour
{
    /// <summary>The addresses of the nodes that it is for. Each must be in the tree's tables.</summary>
    IReadOnlyList<string> Addresses { get; }

    /// <summary>Somebody reads the node; an outcome with data replaces the stored value. Not called for lists of a subtree.</summary>
    CspOutcome? OnGet(CspCall call) => null;

    /// <summary>The node was added, or got a value by Replace; the tree already holds it.</summary>
    CspOutcome? OnSet(CspCall call) => null;

    /// <summary>The node is about to go, with all below it; the tree still holds it. Not called when a node above it is deleted.</summary>
    CspOutcome? OnDelete(CspCall call) => null;

    /// <summary>The node is executed.</summary>
    CspOutcome? OnExec(CspCall call) => null;
}
