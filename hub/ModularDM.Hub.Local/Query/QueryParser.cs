using System.Globalization;
using ModularDM.Hub.Protocol;
using Superpower;
using Superpower.Display;
using Superpower.Model;
using Superpower.Parsers;
using Superpower.Tokenizers;

namespace ModularDM.Hub.Local.Query;

/// <summary>What a query's text is cut into.</summary>
internal enum QueryToken
{
    [Token(Category = "name")]
    Name,

    [Token(Category = "text")]
    Text,

    [Token(Category = "number")]
    Number,

    [Token(Category = "operator")]
    Operator,

    [Token(Example = ".")]
    Dot,

    [Token(Example = ",")]
    Comma,

    [Token(Example = "*")]
    Star,

    [Token(Example = "(")]
    LeftParen,

    [Token(Example = ")")]
    RightParen,

    [Token(Example = "[")]
    LeftBracket,

    [Token(Example = "]")]
    RightBracket,
}

/// <summary>
/// Reads the hub's query language: so far <c>SELECT [TOP n] * FROM devices [WHERE condition]</c>. Key words are names here, told apart where they stand, as
/// a twin may well have a property called "in".
/// </summary>
internal static class QueryParser
{
    private const int MaxLength = 8192;
    private const int MaxNesting = 64;

    private static readonly Tokenizer<QueryToken> Tokenizer = new TokenizerBuilder<QueryToken>()
        .Ignore(Span.WhiteSpace)
        .Match(Span.Regex("'(?:[^'\\\\]|\\\\.|'')*'"), QueryToken.Text)
        .Match(Span.Regex("\"(?:[^\"\\\\]|\\\\.)*\""), QueryToken.Text)
        .Match(Span.Regex(@"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![A-Za-z_])"), QueryToken.Number)
        .Match(Span.Regex(@"\[\[[^\]]+\]\]"), QueryToken.Name)
        .Match(Span.Regex(@"[\p{L}\p{N}_\$][\p{L}\p{N}_\-\$]*"), QueryToken.Name)
        .Match(Span.Regex("(?:!=|<>|<=|>=|=|<|>)"), QueryToken.Operator)
        .Match(Character.EqualTo('.'), QueryToken.Dot)
        .Match(Character.EqualTo(','), QueryToken.Comma)
        .Match(Character.EqualTo('*'), QueryToken.Star)
        .Match(Character.EqualTo('('), QueryToken.LeftParen)
        .Match(Character.EqualTo(')'), QueryToken.RightParen)
        .Match(Character.EqualTo('['), QueryToken.LeftBracket)
        .Match(Character.EqualTo(']'), QueryToken.RightBracket)
        .Build();

    private static readonly TokenListParser<QueryToken, string> Name = Token.EqualTo(QueryToken.Name).Select(t => Unbracket(t.ToStringValue()));

    private static readonly TokenListParser<QueryToken, QueryCondition.Path> Path =
        Name.AtLeastOnceDelimitedBy(Token.EqualTo(QueryToken.Dot)).Select(names => new QueryCondition.Path(names));

    private static readonly TokenListParser<QueryToken, object?> Literal =
        Token.EqualTo(QueryToken.Text).Select(t => (object?)Unquote(t.ToStringValue()))
            .Or(Token.EqualTo(QueryToken.Number).Select(t => (object?)double.Parse(t.ToStringValue(), CultureInfo.InvariantCulture)))
            .Or(Word("true").Value((object?)true))
            .Or(Word("false").Value((object?)false))
            .Or(Word("null").Value((object?)null));

    private static readonly TokenListParser<QueryToken, QueryCondition.Operand> Operand =
        Literal.Select(QueryCondition.Operand (value) => new QueryCondition.Literal(value)).Or(Path.Select(QueryCondition.Operand (path) => path));

    private static readonly TokenListParser<QueryToken, QueryCondition> Comparison =
        from left in Operand
        from condition in CompareTo(left).Or(Within(left))
        select condition;

    private static readonly TokenListParser<QueryToken, QueryCondition> Defined =
        from name in Word("is_defined")
        from open in Token.EqualTo(QueryToken.LeftParen)
        from path in Path
        from close in Token.EqualTo(QueryToken.RightParen)
        select (QueryCondition)new QueryCondition.IsDefined(path);

    private static readonly TokenListParser<QueryToken, QueryCondition> Factor =
        Superpower.Parse.Ref(() => Group!)
            .Or((from not in Word("not") from inner in Superpower.Parse.Ref(() => Factor!) select (QueryCondition)new QueryCondition.Not(inner)).Try())
            .Or(Defined.Try())
            .Or(Comparison);

    private static readonly TokenListParser<QueryToken, QueryCondition> Conjunction =
        Superpower.Parse.Chain(Word("and"), Factor, (_, left, right) => new QueryCondition.And(left, right));

    private static readonly TokenListParser<QueryToken, QueryCondition> Condition =
        Superpower.Parse.Chain(Word("or"), Conjunction, (_, left, right) => new QueryCondition.Or(left, right));

    private static readonly TokenListParser<QueryToken, QueryCondition> Group =
        Condition.Between(Token.EqualTo(QueryToken.LeftParen), Token.EqualTo(QueryToken.RightParen));

    private static readonly TokenListParser<QueryToken, TwinQuery> Query =
        (from verb in Word("select")
         from top in (from word in Word("top") from number in Token.EqualTo(QueryToken.Number) select number).OptionalOrDefault()
         from star in Token.EqualTo(QueryToken.Star)
         from source in Word("from")
         from devices in Word("devices")
         from condition in (from clause in Word("where") from c in Condition select c).OptionalOrDefault()
         select new TwinQuery(Count(top), condition)).AtEnd();

    /// <summary>Reads a query.</summary>
    /// <exception cref="HubRefusalException">It is not one, or one of those that this hub does not run yet.</exception>
    public static TwinQuery Parse(string text)
    {
        if (text.Length > MaxLength)
        {
            throw HubRefusalException.Invalid($"The query is longer than {MaxLength} characters.");
        }

        int nesting = text.Count(c => c == '(') + Occurrences(text, "not");
        if (nesting > MaxNesting)
        {
            throw HubRefusalException.Invalid($"The query nests deeper than {MaxNesting} levels.");
        }

        Result<TokenList<QueryToken>> tokens = Tokenizer.TryTokenize(text);
        if (!tokens.HasValue)
        {
            throw new HubRefusalException(HubErrorCodes.ArgumentInvalid, $"The query cannot be read: {tokens}");
        }

        TokenListParserResult<QueryToken, TwinQuery> query = Query.TryParse(tokens.Value);
        return query.HasValue ? query.Value : throw new HubRefusalException(HubErrorCodes.ArgumentInvalid, $"The query cannot be read: {query}");
    }

    private static TokenListParser<QueryToken, Token<QueryToken>> Word(string word) => Token.EqualToValueIgnoreCase(QueryToken.Name, word);

    private static TokenListParser<QueryToken, QueryCondition> CompareTo(QueryCondition.Operand left) =>
        from comparison in Token.EqualTo(QueryToken.Operator)
        from right in Operand
        select (QueryCondition)new QueryCondition.Compare(left, Kind(comparison.ToStringValue()), right);

    private static TokenListParser<QueryToken, QueryCondition> Within(QueryCondition.Operand left) =>
        from word in Word("in").Value(false).Or(Word("nin").Value(true))
        from open in Token.EqualTo(QueryToken.LeftBracket)
        from options in Literal.ManyDelimitedBy(Token.EqualTo(QueryToken.Comma))
        from close in Token.EqualTo(QueryToken.RightBracket)
        select (QueryCondition)new QueryCondition.In(left, options, word);

    private static CompareKind Kind(string text) => text switch
    {
        "=" => CompareKind.Equal,
        "<" => CompareKind.Less,
        ">" => CompareKind.Greater,
        "<=" => CompareKind.LessOrEqual,
        ">=" => CompareKind.GreaterOrEqual,
        _ => CompareKind.NotEqual,
    };

    private static int? Count(Token<QueryToken> top)
    {
        if (top.Kind != QueryToken.Number)
        {
            return null;
        }

        return int.TryParse(top.ToStringValue(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? count
            : throw HubRefusalException.Invalid("TOP needs a positive whole number.");
    }

    private static string Unbracket(string name) => name.StartsWith("[[", StringComparison.Ordinal) ? name[2..^2] : name;

    private static string Unquote(string quoted)
    {
        string inner = quoted[1..^1];
        if (quoted[0] == '\'')
        {
            inner = inner.Replace("''", "'", StringComparison.Ordinal);
        }

        return inner.Contains('\\', StringComparison.Ordinal) ? System.Text.RegularExpressions.Regex.Replace(inner, @"\\(.)", "$1") : inner;
    }

    private static int Occurrences(string text, string word)
    {
        int count = 0;
        for (int i = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); i >= 0; i = text.IndexOf(word, i + word.Length, StringComparison.OrdinalIgnoreCase))
        {
            count++;
        }

        return count;
    }
}
