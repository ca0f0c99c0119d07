using System.Collections.Frozen;

namespace ModularDM.Hub.Local.Query;

/// <summary>A function of the query language. One that gets a value of a kind which it is not for gives undefined; a question (IS_...) is always answered.</summary>
internal sealed record QueryFunction(string Name, int Least, int Most, Func<QueryValue[], QueryValue> Run)
{
    private static readonly FrozenDictionary<string, QueryFunction> Known = new[]
    {
        Question("IS_DEFINED", v => v.Kind != QueryKind.Undefined),
        Question("IS_NULL", v => v.Kind == QueryKind.Null),
        Question("IS_BOOL", v => v.Kind == QueryKind.Boolean),
        Question("IS_NUMBER", v => v.Kind == QueryKind.Number),
        Question("IS_STRING", v => v.Kind == QueryKind.Text),
        Question("IS_OBJECT", v => v.Kind == QueryKind.Object),
        Question("IS_ARRAY", v => v.Kind == QueryKind.Array),
        Question("IS_PRIMITIVE", v => v.IsPrimitive),
        OfTexts("STARTS_WITH", (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        OfTexts("ENDS_WITH", (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        OfTexts("CONTAINS", (text, part) => text.Contains(part, StringComparison.Ordinal)),
        new QueryFunction("INDEX_OF", 2, 2, a => AreTexts(a) ? QueryValue.Of(a[0].Text!.IndexOf(a[1].Text!, StringComparison.Ordinal)) : QueryValue.Undefined),
        new QueryFunction("CONCAT", 2, 20, a => AreTexts(a) ? QueryValue.Of(string.Concat(a.Select(v => v.Text))) : QueryValue.Undefined),
        new QueryFunction("SUBSTRING", 2, 3, Substring),
        OfText("LENGTH", text => QueryValue.Of(text.Length)),
        OfText("LOWER", text => QueryValue.Of(text.ToLowerInvariant())),
        OfText("UPPER", text => QueryValue.Of(text.ToUpperInvariant())),
        OfNumber("ABS", Math.Abs),
        OfNumber("CEILING", Math.Ceiling),
        OfNumber("EXP", Math.Exp),
        OfNumber("FLOOR", Math.Floor),
        OfNumber("SIGN", n => Math.Sign(n)),
        OfNumber("SQRT", Math.Sqrt),
        OfNumber("SQUARE", n => n * n),
        new QueryFunction("POWER", 2, 2, a => AreNumbers(a) ? QueryValue.Of(Math.Pow(a[0].Number, a[1].Number)) : QueryValue.Undefined),
    }.ToFrozenDictionary(f => f.Name, StringComparer.OrdinalIgnoreCase);

    public static string Names => string.Join(", ", Known.Keys.Order(StringComparer.Ordinal));

    public static QueryFunction? Find(string name) => Known.GetValueOrDefault(name);

    private static QueryFunction Question(string name, Predicate<QueryValue> answer) => new(name, 1, 1, a => QueryValue.Of(answer(a[0])));

    private static QueryFunction OfText(string name, Func<string, QueryValue> run) => new(name, 1, 1, a => AreTexts(a) ? run(a[0].Text!) : QueryValue.Undefined);

    private static QueryFunction OfTexts(string name, Func<string, string, bool> answer) =>
        new(name, 2, 2, a => AreTexts(a) ? QueryValue.Of(answer(a[0].Text!, a[1].Text!)) : QueryValue.Undefined);

    private static QueryFunction OfNumber(string name, Func<double, double> run) => new(name, 1, 1, a => AreNumbers(a) ? QueryValue.Of(run(a[0].Number)) : QueryValue.Undefined);

    private static QueryValue Substring(QueryValue[] arguments)
    {
        if (!AreTexts(arguments.AsSpan(0, 1)) || !AreNumbers(arguments.AsSpan(1)))
        {
            return QueryValue.Undefined;
        }

        string text = arguments[0].Text!;
        int start = (int)Math.Clamp(arguments[1].Number, 0, text.Length);
        int length = arguments.Length == 2 ? text.Length : (int)Math.Clamp(arguments[2].Number, 0, text.Length);
        return QueryValue.Of(text.Substring(start, Math.Min(length, text.Length - start)));
    }

    private static bool AreTexts(ReadOnlySpan<QueryValue> values) => AreAll(values, QueryKind.Text);

    private static bool AreNumbers(ReadOnlySpan<QueryValue> values) => AreAll(values, QueryKind.Number);

    private static bool AreAll(ReadOnlySpan<QueryValue> values, QueryKind kind)
    {
        foreach (QueryValue value in values)
        {
            if (value.Kind != kind)
            {
                return false;
            }
        }

        return true;
    }
}
