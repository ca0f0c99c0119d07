namespace ModularDM.Hub.Local.Query;

/// <summary>What a query goes over.</summary>
internal enum QuerySource
{
    Devices,
    Modules,
    DeviceJobs,
}

/// <summary>A whole query.</summary>
/// <param name="Top">The most results to give.</param>
/// <param name="Columns">What to show of each item; <see langword="null"/> for all of it.</param>
/// <param name="Source">What it goes over.</param>
/// <param name="Where">Which items; <see langword="null"/> for all.</param>
/// <param name="GroupBy">The members whose values make a group; empty when results are not grouped by any.</param>
internal sealed record QueryStatement(
    int? Top,
    IReadOnlyList<QueryColumn>? Columns,
    QuerySource Source,
    QueryExpression? Where,
    IReadOnlyList<QueryPath> GroupBy)
{
    /// <summary>Whether a result stands for a group of items and not for one.</summary>
    public bool IsGrouped => GroupBy.Count > 0 || Columns?.Any(c => c.Aggregate is not null) == true;

    /// <summary>What the results are, as clients choose their reader by it.</summary>
    public string ItemType => (Columns, Source) switch
    {
        (not null, _) => "Raw",
        (_, QuerySource.DeviceJobs) => "DeviceJob",
        _ => "Twin",
    };
}

/// <summary>One member of each result.</summary>
/// <param name="Name">What it is called there.</param>
/// <param name="Value">Its value; <see langword="null"/> for COUNT() alone.</param>
/// <param name="Aggregate">How the values of a group become one; <see langword="null"/> when it is not aggregated.</param>
internal sealed record QueryColumn(string Name, QueryExpression? Value, AggregateKind? Aggregate);

/// <summary>How the values of a group become one.</summary>
internal enum AggregateKind
{
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// <summary>Which twins a job or a configuration is for.</summary>
/// <param name="Source">Devices or modules.</param>
/// <param name="Where">Which of them; <see langword="null"/> for all.</param>
internal sealed record QueryTarget(QuerySource Source, QueryExpression? Where)
{
    public bool Includes(IQueryItem item) => Where is null || Where.Evaluate(item).IsTrue;
}
