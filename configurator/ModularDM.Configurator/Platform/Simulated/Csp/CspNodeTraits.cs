using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>The rules of one node, out of a table.</summary>
internal sealed record CspNodeTraits
{
    public static CspNodeTraits Folder { get; } = new() { Access = NodeAccess.Get, Format = CspFormat.Node, IsPermanent = true };

    public required NodeAccess Access { get; init; }

    public required CspFormat Format { get; init; }

    /// <summary>It is always there, and cannot be deleted.</summary>
    public bool IsPermanent { get; init; }

    public int MinOccurs { get; init; } = 1;

    /// <summary>How many there may be of a node whose name is not fixed; null is without limit.</summary>
    public int? MaxOccurs { get; init; } = 1;

    public NodeNaming Naming { get; init; }

    /// <summary>The value before anybody set one.</summary>
    public string? Start { get; init; }

    /// <summary>Null allows every value of the format. For a node without a fixed name it is about the name.</summary>
    public AllowedValues? Allowed { get; init; }

    /// <summary>Splits a value into several, each of which must be allowed.</summary>
    public string? Delimiter { get; init; }

    /// <summary>Setting the empty value deletes the node.</summary>
    public bool EmptyDeletes { get; init; }
}
