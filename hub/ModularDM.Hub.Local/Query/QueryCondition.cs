namespace ModularDM.Hub.Local.Query;

/// <summary>A part of a WHERE clause.</summary>
internal abstract record QueryCondition
{
    /// <summary>A value: a literal, or a path into the twin.</summary>
    public abstract record Operand : QueryCondition;

    public sealed record Literal(object? Value) : Operand;

    public sealed record Path(IReadOnlyList<string> Names) : Operand
    {
        public bool Equals(Path? other) => other is not null && Names.SequenceEqual(other.Names);

        public override int GetHashCode() => Names.Aggregate(0, HashCode.Combine);
    }

    public sealed record Compare(Operand Left, CompareKind Kind, Operand Right) : QueryCondition;

    public sealed record In(Operand Value, IReadOnlyList<object?> Options, bool Negated) : QueryCondition;

    public sealed record IsDefined(Path Member) : QueryCondition;

    public sealed record Not(QueryCondition Inner) : QueryCondition;

    public sealed record And(QueryCondition Left, QueryCondition Right) : QueryCondition;

    public sealed record Or(QueryCondition Left, QueryCondition Right) : QueryCondition;
}

/// <summary>How two values are compared.</summary>
internal enum CompareKind
{
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

/// <summary>A query over devices.</summary>
internal sealed record TwinQuery(int? Top, QueryCondition? Where);
