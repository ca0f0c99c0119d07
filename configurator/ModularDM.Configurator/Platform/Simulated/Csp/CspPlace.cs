namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Where an address leads: to a node that is there, or to one that could be.</summary>
/// <param name="Definition">The rules of the node.</param>
/// <param name="Names">The names on the way.</param>
/// <param name="Nearest">The last node on the way that is there.</param>
/// <param name="Known">How many names lead to it.</param>
internal readonly record struct CspPlace(CspNodeDefinition Definition, string[] Names, CspNode Nearest, int Known)
{
    /// <summary>The node itself, when it is there.</summary>
    public CspNode? Node => Known == Names.Length ? Nearest : null;

    /// <returns>Null when no table has such a node.</returns>
    public static CspPlace? Find(CspTree tree, string[] names)
    {
        CspNode nearest = tree.Root;
        CspNodeDefinition definition = tree.Schema.Root;
        int known = 0;
        for (int i = 0; i < names.Length; i++)
        {
            if (definition.Match(names[i]) is not { } child)
            {
                return null;
            }

            definition = child;
            if (known == i && nearest.Find(names[i]) is { } node)
            {
                nearest = node;
                known++;
            }
        }

        return new CspPlace(definition, names, nearest, known);
    }
}
