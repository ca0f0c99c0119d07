using System.Text.Json;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Query;

/// <summary>Runs queries over all that the hub holds, as it is now.</summary>
internal sealed class QueryRun(DeviceRegistry registry, Func<IEnumerable<IQueryItem>> deviceJobs)
{
    // Below this many items the threads cost more than they give.
    private const int ParallelFrom = 500;

    /// <summary>One result: its place in the order, and how it is written.</summary>
    public readonly record struct Result(string Key, Action<Utf8JsonWriter> Write);

    /// <summary>The results in order of their keys, lazily.</summary>
    public IEnumerable<Result> Results(QueryStatement statement, Predicate<string> isAhead)
    {
        if (statement.IsGrouped)
        {
            return new QueryGroups(statement).Results(Matching(statement.Source, statement.Where, _ => true)).Where(r => isAhead(r.Key));
        }

        return Matching(statement.Source, statement.Where, isAhead)
            .Select(item => new Result(item.Key, statement.Columns is { } columns ? json => WriteColumns(columns, item, json) : item.Write));
    }

    /// <summary>How many results a query has.</summary>
    public int Count(QueryStatement statement) => Math.Min(Results(statement, _ => true).Count(), statement.Top ?? int.MaxValue);

    /// <summary>The devices or modules that a target means, in order of their ids.</summary>
    public IEnumerable<Device> Find(QueryTarget target) => Matching(target.Source, target.Where, _ => true).Select(item => ((TwinItem)item).Device);

    private IEnumerable<IQueryItem> Matching(QuerySource source, QueryExpression? where, Predicate<string> isAhead)
    {
        switch (source)
        {
            case QuerySource.Devices:
                return Matching(registry.Devices, where, isAhead);
            case QuerySource.Modules:
                return Matching(registry.Modules, where, isAhead);
            default:
                IEnumerable<IQueryItem> rows = deviceJobs().Where(row => isAhead(row.Key) && (where is null || where.Evaluate(row).IsTrue));
                return rows.OrderBy(row => row.Key, StringComparer.Ordinal);
        }
    }

    private static IEnumerable<IQueryItem> Matching(IReadOnlyList<Device> devices, QueryExpression? where, Predicate<string> isAhead)
    {
        if (where is null || devices.Count < ParallelFrom)
        {
            return devices.Where(device => isAhead(device.Id)).Select(device => new TwinItem(device)).Where(item => where is null || where.Evaluate(item).IsTrue);
        }

        return devices.AsParallel().AsOrdered().Where(device => isAhead(device.Id)).Select(device => new TwinItem(device)).Where(item => where.Evaluate(item).IsTrue);
    }

    private static void WriteColumns(IReadOnlyList<QueryColumn> columns, IQueryItem item, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (QueryColumn column in columns)
        {
            Write(column.Name, column.Value!.Evaluate(item), json);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a member, unless it has no value.</summary>
    public static void Write(string name, QueryValue value, Utf8JsonWriter json)
    {
        if (value.Kind != QueryKind.Undefined)
        {
            json.WritePropertyName(name);
            value.Write(json);
        }
    }
}
