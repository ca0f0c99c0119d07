using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Query;

/// <summary>Gathers items into groups by the values of members. Without such members all items are one group, which is there even when it is empty.</summary>
internal sealed class QueryGroups(QueryStatement statement)
{
    private const int KeyStart = 200;
    private readonly List<QueryPath> members = [.. statement.GroupBy];

    private sealed record Group(QueryValue[] Values, Aggregator[] Columns);

    public IEnumerable<QueryRun.Result> Results(IEnumerable<IQueryItem> items)
    {
        var groups = new Dictionary<QueryValue[], Group>(QueryValuesComparer.Instance);
        if (members.Count == 0)
        {
            groups[[]] = NewGroup([]);
        }

        foreach (IQueryItem item in items)
        {
            QueryValue[] values = members.Count == 0 ? [] : [.. members.Select(item.Read)];
            if (!groups.TryGetValue(values, out Group? group))
            {
                groups[values] = group = NewGroup(values);
            }

            foreach (Aggregator column in group.Columns)
            {
                column.Add(item);
            }
        }

        return groups.Values.Select(group => new QueryRun.Result(KeyOf(group.Values), json => Write(group, json))).OrderBy(result => result.Key, StringComparer.Ordinal);
    }

    // The values as JSON, for a readable order; what is long is cut and told apart by its hash, as the key goes into a header.
    private static string KeyOf(QueryValue[] values)
    {
        if (values.Length == 0)
        {
            return "";
        }

        string key = Encoding.UTF8.GetString(HubJson.Bytes(values, static (all, json) =>
        {
            json.WriteStartArray();
            foreach (QueryValue value in all)
            {
                json.WriteStartArray();
                if (value.Kind != QueryKind.Undefined)
                {
                    (value.Kind == QueryKind.Number ? QueryValue.Of(value.Number) : value).Write(json);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
        }));
        return key.Length <= KeyStart ? key : key[..KeyStart] + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }

    private Group NewGroup(QueryValue[] values) =>
        new(values, [.. statement.Columns!.Where(c => c.Aggregate is not null).Select(c => new Aggregator(c.Aggregate!.Value, c.Value))]);

    private void Write(Group group, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        int next = 0;
        foreach (QueryColumn column in statement.Columns!)
        {
            QueryValue value = column.Aggregate is not null
                ? group.Columns[next++].Value
                : group.Values[members.IndexOf(((QueryExpression.Member)column.Value!).Path)];
            QueryRun.Write(column.Name, value, json);
        }

        json.WriteEndObject();
    }

    /// <summary>One aggregate of one group. COUNT counts items, or those that have a value; the others take numbers and pass over what is none.</summary>
    private sealed class Aggregator(AggregateKind kind, QueryExpression? expression)
    {
        private int count;
        private double sum;
        private double least = double.PositiveInfinity;
        private double most = double.NegativeInfinity;

        public QueryValue Value => kind switch
        {
            AggregateKind.Count => QueryValue.Of(count),
            AggregateKind.Sum => QueryValue.Of(sum),
            AggregateKind.Avg => QueryValue.Of(sum / count),
            AggregateKind.Min => QueryValue.Of(least),
            _ => QueryValue.Of(most),
        };

        public void Add(IQueryItem item)
        {
            QueryValue value = expression?.Evaluate(item) ?? QueryValue.True;
            if (value.Kind == QueryKind.Undefined || (kind != AggregateKind.Count && value.Kind != QueryKind.Number))
            {
                return;
            }

            count++;
            sum += value.Number;
            least = Math.Min(least, value.Number);
            most = Math.Max(most, value.Number);
        }
    }
}
