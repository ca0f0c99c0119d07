namespace ModularDM.Hub.Local.Query;

/// <summary>Tells whether some values are those of one group. Other than in a condition, what is missing is one with what is missing, and objects and arrays are by their text.</summary>
internal sealed class QueryValuesComparer : IEqualityComparer<QueryValue[]>
{
    public static readonly QueryValuesComparer Instance = new();

    public bool Equals(QueryValue[]? x, QueryValue[]? y) => x.AsSpan().SequenceEqual(y, OneValue.Instance);

    public int GetHashCode(QueryValue[] values)
    {
        var hash = default(HashCode);
        foreach (QueryValue value in values)
        {
            hash.Add(OneValue.Instance.GetHashCode(value));
        }

        return hash.ToHashCode();
    }

    private sealed class OneValue : IEqualityComparer<QueryValue>
    {
        public static readonly OneValue Instance = new();

        public bool Equals(QueryValue x, QueryValue y) => x.Kind == y.Kind && (x.Kind is QueryKind.Object or QueryKind.Array
            ? x.Json.Span.SequenceEqual(y.Json.Span)
            : x.Number.Equals(y.Number) && string.Equals(x.Text, y.Text, StringComparison.Ordinal));

        public int GetHashCode(QueryValue value) => HashCode.Combine(value.Kind, value.Number, value.Text, value.Kind is QueryKind.Object or QueryKind.Array ? value.Json.Length : 0);
    }
}
