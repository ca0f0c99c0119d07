using System.Text;

namespace ModularDM.Hub.Local.Query;

/// <summary>Where a path begins.</summary>
internal enum QueryRoot
{
    /// <summary>A member of the identity, or one that does not exist.</summary>
    Identity,
    Tags,
    Desired,
    Reported,
    Configurations,
}

/// <summary>
/// The names that lead to a member. The hub's own names, at its beginning, are of any case; an operator's, further on, are exact. A collection's name in front
/// (<c>devices.</c>, <c>devices.jobs.</c>) says nothing and is dropped.
/// </summary>
internal sealed class QueryPath : IEquatable<QueryPath>
{
    private readonly string[] names;
    private readonly byte[][] below;

    public QueryPath(IReadOnlyList<string> written)
    {
        ReadOnlySpan<string> rest = [.. written];
        if (rest.Length > 1 && Is(rest[0], "devices"))
        {
            rest = rest[1..];
            rest = rest.Length > 1 && (Is(rest[0], "jobs") || Is(rest[0], "modules")) ? rest[1..] : rest;
        }

        names = rest.ToArray();
        Root = RootOf(names, out int depth);
        Member = names[0].ToUpperInvariant();
        Written = string.Join('.', written);
        below = [.. names[depth..].Select(Encoding.UTF8.GetBytes)];
    }

    public QueryRoot Root { get; }

    public string Written { get; }

    /// <summary>The first name: of the root, or the identity's member.</summary>
    public string First => names[0];

    /// <summary>The first name in capitals.</summary>
    public string Member { get; }

    /// <summary>The last name, which a projection without AS is called.</summary>
    public string Last => names[^1];

    /// <summary>The names below the root, or below the identity's member.</summary>
    public ReadOnlySpan<byte[]> Below => below;

    public bool Equals(QueryPath? other) =>
        other is not null && Root == other.Root && below.Length == other.below.Length && (Root != QueryRoot.Identity || Is(First, other.First))
        && below.Zip(other.below).All(p => p.First.AsSpan().SequenceEqual(p.Second));

    public override bool Equals(object? obj) => Equals(obj as QueryPath);

    public override int GetHashCode() => HashCode.Combine(Root, below.Length);

    public override string ToString() => Written;

    private static QueryRoot RootOf(string[] names, out int depth)
    {
        depth = 1;
        if (Is(names[0], "tags"))
        {
            return QueryRoot.Tags;
        }

        if (Is(names[0], "configurations"))
        {
            return QueryRoot.Configurations;
        }

        if (Is(names[0], "properties") && names.Length > 1)
        {
            QueryRoot section = Is(names[1], "desired") ? QueryRoot.Desired : Is(names[1], "reported") ? QueryRoot.Reported : QueryRoot.Identity;
            depth = section == QueryRoot.Identity ? 1 : 2;
            return section;
        }

        return QueryRoot.Identity;
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
