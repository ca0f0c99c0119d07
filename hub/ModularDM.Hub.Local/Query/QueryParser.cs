using System.Globalization;
using ModularDM.Hub.Protocol;
using Superpower;
using Superpower.Model;
using Superpower.Parsers;

namespace ModularDM.Hub.Local.Query;

/// <summary>
/// Reads the hub's query language: <c>SELECT [TOP n] * | columns FROM devices | devices.modules | devices.jobs [WHERE condition] [GROUP BY members]</c>,
/// and the bare conditions of jobs and configurations.
/// </summary>
internal static class QueryParser
{
    private const int MaxLength = 8192;
    private const int MaxNesting = 32;
    private const int MaxOperators = 1000;

    private static readonly TokenListParser<QueryToken, string?> Alias =
        (from word in QueryGrammar.Word("as")
         from name in Token.EqualTo(QueryToken.Name)
         select QueryGrammar.Unbracket(name.ToStringValue())).Select(string? (name) => name).OptionalOrDefault();

    private static readonly TokenListParser<QueryToken, QueryColumn> Aggregate =
        from head in Token.Sequence(QueryToken.Name, QueryToken.LeftParen).Where(t => KindOf(t[0]) is not null).Try()
        from value in QueryGrammar.Expression.Select(QueryExpression? (e) => e).OptionalOrDefault()
        from close in Token.EqualTo(QueryToken.RightParen)
        from name in Alias
        select NewAggregate(head[0], value, name);

    private static readonly TokenListParser<QueryToken, QueryColumn> Plain =
        from value in QueryGrammar.Expression
        from name in Alias
        select new QueryColumn(name ?? ((value as QueryExpression.Member)?.Path.Last ?? ""), value, null);

    private static readonly TokenListParser<QueryToken, QueryColumn[]?> Columns =
        Token.EqualTo(QueryToken.Star).Value((QueryColumn[]?)null)
            .Or(Aggregate.Or(Plain).AtLeastOnceDelimitedBy(Token.EqualTo(QueryToken.Comma)).Select(QueryColumn[]? (c) => c));

    private static readonly TokenListParser<QueryToken, QuerySource> Source =
        from devices in QueryGrammar.Word("devices")
        from part in Token.EqualTo(QueryToken.Dot).IgnoreThen(
            QueryGrammar.Word("modules").Value(QuerySource.Modules).Or(QueryGrammar.Word("jobs").Value(QuerySource.DeviceJobs))).OptionalOrDefault()
        select part;

    private static readonly TokenListParser<QueryToken, QueryExpression?> Where =
        QueryGrammar.Word("where").IgnoreThen(QueryGrammar.Expression).Select(QueryExpression? (e) => e).OptionalOrDefault();

    private static readonly TokenListParser<QueryToken, QueryPath[]> GroupBy =
        QueryGrammar.Word("group").IgnoreThen(QueryGrammar.Word("by"))
            .IgnoreThen(QueryGrammar.Path.AtLeastOnceDelimitedBy(Token.EqualTo(QueryToken.Comma))).OptionalOrDefault([]);

    private static readonly TokenListParser<QueryToken, QueryStatement> Statement =
        (from verb in QueryGrammar.Word("select")
         from top in (from word in QueryGrammar.Word("top") from number in Token.EqualTo(QueryToken.Number) select number).Try().OptionalOrDefault()
         from columns in Columns
         from word in QueryGrammar.Word("from")
         from source in Source
         from condition in Where
         from groups in GroupBy
         select new QueryStatement(Count(top), Named(columns), source, condition, groups)).AtEnd();

    private static readonly TokenListParser<QueryToken, QueryTarget> Target =
        Token.EqualTo(QueryToken.Star).Value(new QueryTarget(QuerySource.Devices, null))
            .Or(from word in QueryGrammar.Word("from") from source in Source from condition in Where select new QueryTarget(source, condition))
            .Or(QueryGrammar.Expression.Select(condition => new QueryTarget(QuerySource.Devices, condition)))
            .AtEnd();

    /// <summary>Reads a query.</summary>
    /// <exception cref="HubRefusalException">It is not one; the message says where.</exception>
    public static QueryStatement Parse(string text)
    {
        QueryStatement statement = Read(text, Statement);
        Check(statement);
        return statement;
    }

    /// <summary>Reads which twins are meant: <c>*</c>, a condition on devices, or <c>FROM devices.modules [WHERE condition]</c>.</summary>
    /// <exception cref="HubRefusalException">It is none of these; the message says where.</exception>
    public static QueryTarget ParseTarget(string text)
    {
        QueryTarget target = Read(text, Target);
        return target.Source != QuerySource.DeviceJobs ? target : throw HubRefusalException.Invalid("The condition is for devices or devices.modules, not for devices.jobs.");
    }

    private static T Read<T>(string text, TokenListParser<QueryToken, T> parser)
    {
        if (text.Length > MaxLength)
        {
            throw HubRefusalException.Invalid($"The query is {text.Length} characters long; at most {MaxLength}.");
        }

        Result<TokenList<QueryToken>> tokens = QueryTokens.Tokenizer.TryTokenize(text);
        if (!tokens.HasValue)
        {
            throw HubRefusalException.Invalid($"The query cannot be read: {tokens}");
        }

        CheckSize(tokens.Value);
        TokenListParserResult<QueryToken, T> read = parser.TryParse(tokens.Value);
        return read.HasValue ? read.Value : throw HubRefusalException.Invalid($"The query cannot be read: {read}");
    }

    // Reading and evaluating recur: into parentheses, and along operators.
    private static void CheckSize(TokenList<QueryToken> tokens)
    {
        int depth = 0;
        int operators = 0;
        foreach (Token<QueryToken> token in tokens)
        {
            depth += token.Kind switch { QueryToken.LeftParen => 1, QueryToken.RightParen => -1, _ => 0 };
            if (depth > MaxNesting)
            {
                throw QueryGrammar.Refuse(token, $"it nests deeper than {MaxNesting} levels");
            }

            operators += token.Kind is QueryToken.Name or QueryToken.Plus or QueryToken.Minus or QueryToken.Star or QueryToken.Slash or QueryToken.Percent ? 1 : 0;
            if (operators > MaxOperators)
            {
                throw QueryGrammar.Refuse(token, $"it has more than {MaxOperators} names and operators");
            }
        }
    }

    private static void Check(QueryStatement statement)
    {
        if (statement.Source == QuerySource.DeviceJobs && (statement.Columns is not null || statement.IsGrouped))
        {
            throw HubRefusalException.Invalid("A query over devices.jobs is SELECT * alone, without GROUP BY.");
        }

        if (!statement.IsGrouped)
        {
            return;
        }

        if (statement.Columns is null)
        {
            throw HubRefusalException.Invalid("GROUP BY needs columns: name the grouped members and the aggregates in place of *.");
        }

        foreach (QueryColumn column in statement.Columns.Where(c => c.Aggregate is null))
        {
            if (column.Value is not QueryExpression.Member member || !statement.GroupBy.Contains(member.Path))
            {
                throw HubRefusalException.Invalid($"The column '{column.Name}' is neither an aggregate nor named in GROUP BY.");
            }
        }
    }

    private static int? Count(Token<QueryToken> top)
    {
        if (top.Kind != QueryToken.Number)
        {
            return null;
        }

        return int.TryParse(top.ToStringValue(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? count
            : throw QueryGrammar.Refuse(top, "TOP needs a positive whole number");
    }

    private static AggregateKind? KindOf(Token<QueryToken> name) =>
        !int.TryParse(name.ToStringValue(), out _) && Enum.TryParse(name.ToStringValue(), ignoreCase: true, out AggregateKind kind) ? kind : null;

    private static QueryColumn NewAggregate(Token<QueryToken> head, QueryExpression? value, string? name)
    {
        AggregateKind kind = KindOf(head)!.Value;
        return value is not null || kind == AggregateKind.Count
            ? new QueryColumn(name ?? "", value, kind)
            : throw QueryGrammar.Refuse(head, $"{head.ToStringValue()} needs a member");
    }

    // A column without a name of its own is $1, $2 and so on; two of one name would make an object that nobody can read.
    private static QueryColumn[]? Named(QueryColumn[]? columns)
    {
        if (columns is null)
        {
            return null;
        }

        int unnamed = 0;
        columns = [.. columns.Select(c => c.Name.Length > 0 ? c : c with { Name = string.Create(CultureInfo.InvariantCulture, $"${++unnamed}") })];
        return columns.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice
            ? throw HubRefusalException.Invalid($"Two columns are called '{twice.Key}'; give one another name with AS.")
            : columns;
    }
}
