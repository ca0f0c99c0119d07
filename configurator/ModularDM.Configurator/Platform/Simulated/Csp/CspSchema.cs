namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Which nodes there may be, out of one or several tables. A later table may change what an earlier one said. It is not changed once a tree uses it.</summary>
internal sealed class CspSchema
{
    public CspNodeDefinition Root { get; } = new(null, ".", isDynamic: false, CspNodeTraits.Folder);

    /// <summary>Every definition, parents first.</summary>
    public IEnumerable<CspNodeDefinition> All => Below(Root);

    /// <summary>Puts a node into the schema. Inner nodes above it that are not known yet become permanent ones.</summary>
    /// <param name="names">The names from the root, <see cref="CspNodeDefinition.AnyName"/> for one that is not fixed, without the prefix for the device.</param>
    /// <param name="traits">The node's rules.</param>
    public CspNodeDefinition Define(IEnumerable<string> names, CspNodeTraits traits)
    {
        CspNodeDefinition node = Root;
        foreach (string name in names)
        {
            node = node.Child(name, null);
        }

        node.Traits = traits;
        return node;
    }

    /// <summary>The definition with this address, where <see cref="CspNodeDefinition.AnyName"/> stands for a name that is not fixed.</summary>
    public CspNodeDefinition? Find(string address)
    {
        CspNodeDefinition? node = Root;
        foreach (string name in Split(address))
        {
            node = name == CspNodeDefinition.AnyName ? node.DynamicChild : node.Match(name);
            if (node is null)
            {
                return null;
            }
        }

        return node;
    }

    /// <summary>The names in an address of a table: nothing in it is encoded.</summary>
    public static string[] Split(string address)
    {
        string[] names = address.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int skip = names is [".", ..] ? 1 : 0;
        return names[(names.Length > skip && names[skip].Equals("Device", StringComparison.OrdinalIgnoreCase) ? skip + 1 : skip)..];
    }

    private static IEnumerable<CspNodeDefinition> Below(CspNodeDefinition node)
    {
        var waiting = new Stack<CspNodeDefinition>([node]);
        while (waiting.TryPop(out CspNodeDefinition? next))
        {
            yield return next;
            if (next.DynamicChild is { } any)
            {
                waiting.Push(any);
            }

            foreach (CspNodeDefinition child in next.Children.Reverse())
            {
                waiting.Push(child);
            }
        }
    }
}
