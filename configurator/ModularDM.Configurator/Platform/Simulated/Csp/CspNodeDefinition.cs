namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>A node of the schema: its rules, and what may be below it. Fixed names are found in any case, as Windows does.</summary>
internal sealed class CspNodeDefinition(CspNodeDefinition? parent, string name, bool isDynamic, CspNodeTraits traits)
{
    /// <summary>What stands in an address for a name that is not fixed.</summary>
    public const string AnyName = "{*}";

    private readonly Dictionary<string, CspNodeDefinition> _children = new(StringComparer.OrdinalIgnoreCase);

    public CspNodeDefinition? Parent => parent;

    public string Name => name;

    /// <summary>Its name is not fixed.</summary>
    public bool IsDynamic => isDynamic;

    public CspNodeTraits Traits { get; set; } = traits;

    public IReadOnlyCollection<CspNodeDefinition> Children => _children.Values;

    /// <summary>The child whose name is not fixed, if there may be one.</summary>
    public CspNodeDefinition? DynamicChild { get; private set; }

    /// <summary>The address with <see cref="AnyName"/> for each name that is not fixed, in the short spelling.</summary>
    public string Address { get; } = parent is null ? "." : $"{parent.Address}/{name}";

    /// <summary>It is there without anybody having added it.</summary>
    public bool ExistsByItself => !IsDynamic && (Traits.IsPermanent || (Traits.MinOccurs > 0 && !Traits.Access.HasFlag(NodeAccess.Add)));

    /// <summary>The definition of a child with this name.</summary>
    public CspNodeDefinition? Match(string childName) => _children.GetValueOrDefault(childName) ?? DynamicChild;

    /// <summary>The child in the schema, which is made when it is not there.</summary>
    public CspNodeDefinition Child(string childName, CspNodeTraits? childTraits)
    {
        bool any = childName == AnyName;
        CspNodeDefinition? child = any ? DynamicChild : _children.GetValueOrDefault(childName);
        if (child is null)
        {
            child = new CspNodeDefinition(this, childName, any, childTraits ?? CspNodeTraits.Folder);
            if (any)
            {
                DynamicChild = child;
            }
            else
            {
                _children.Add(childName, child);
            }
        }
        else if (childTraits is not null)
        {
            child.Traits = childTraits;
        }

        return child;
    }
}
