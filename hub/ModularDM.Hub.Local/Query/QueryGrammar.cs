using System.Globalization;
using System.Text.RegularExpressions;
using ModularDM.Hub.Protocol;
using Superpower;
using Superpower.Model;
using Superpower.Parsers;

namespace ModularDM.Hub.Local.Query;

/// <summary>
/// The grammar of expressions, from what binds weakest: OR, AND, NOT, comparison and IN, sum, product, sign. Nothing recurs save a parenthesis, whose depth
/// <see cref="QueryParser"/> bounds.
/// </summary>
internal static class QueryGrammar
{
    private static readonly TokenListParser<QueryToken, string> Name = Token.EqualTo(QueryToken.Name).Select(t => Unbracket(t.ToStringValue()));

    private static readonly TokenListParser<QueryToken, double> Number =
        Token.EqualTo(QueryToken.Number).Select(t => double.Parse(t.ToStringValue(), CultureInfo.InvariantCulture));

    private static readonly TokenListParser<QueryToken, QueryValue> Literal =
        Token.EqualTo(QueryToken.Text).Select(t => QueryValue.Of(Unquote(t.ToStringValue())))
            .Or(Number.Select(QueryValue.Of))
            .Or(Word("true").Value(QueryValue.True))
            .Or(Word("false").Value(QueryValue.False))
            .Or(Word("null").Value(QueryValue.Null))
            .Or(Word("undefined").Value(QueryValue.Undefined));

    private static readonly TokenListParser<QueryToken, QueryValue> Option =
        Token.EqualTo(QueryToken.Minus).IgnoreThen(Number).Select(n => QueryValue.Of(-n)).Or(Literal);

    private static readonly TokenListParser<QueryToken, QueryExpression> Call =
        from head in Token.Sequence(QueryToken.Name, QueryToken.LeftParen).Try()
        from arguments in Superpower.Parse.Ref(() => Expression!).ManyDelimitedBy(Token.EqualTo(QueryToken.Comma))
        from close in Token.EqualTo(QueryToken.RightParen)
        select (QueryExpression)NewCall(head[0], arguments);

    private static readonly TokenListParser<QueryToken, QueryExpression> Primary =
        Superpower.Parse.Ref(() => Expression!).Between(Token.EqualTo(QueryToken.LeftParen), Token.EqualTo(QueryToken.RightParen))
            .Or(Call)
            .Or(Literal.Select(QueryExpression (value) => new QueryExpression.Literal(value)))
            .Or(Superpower.Parse.Ref(() => Path!).Select(QueryExpression (path) => new QueryExpression.Member(path)));

    private static readonly TokenListParser<QueryToken, QueryExpression> Signed =
        from signs in Token.EqualTo(QueryToken.Minus).Many()
        from value in Primary
        select signs.Length == 0 ? value : Negate(value, signs.Length);

    private static readonly TokenListParser<QueryToken, QueryExpression> Product = Superpower.Parse.Chain(
        Operator(QueryToken.Star, '*').Or(Operator(QueryToken.Slash, '/')).Or(Operator(QueryToken.Percent, '%')), Signed, NewArithmetic);

    private static readonly TokenListParser<QueryToken, QueryExpression> Sum = Superpower.Parse.Chain(
        Operator(QueryToken.Plus, '+').Or(Operator(QueryToken.Minus, '-')), Product, NewArithmetic);

    private static readonly TokenListParser<QueryToken, Func<QueryExpression, QueryExpression>> Comparison =
        from comparison in Token.EqualTo(QueryToken.Comparison)
        from right in Sum
        select new Func<QueryExpression, QueryExpression>(left => new QueryExpression.Compare(left, Kind(comparison.ToStringValue()), right));

    private static readonly TokenListParser<QueryToken, Func<QueryExpression, QueryExpression>> Within =
        from negated in Word("in").Value(false).Or(Word("nin").Value(true))
        from options in Option.ManyDelimitedBy(Token.EqualTo(QueryToken.Comma)).Between(Token.EqualTo(QueryToken.LeftBracket), Token.EqualTo(QueryToken.RightBracket))
        select new Func<QueryExpression, QueryExpression>(left => new QueryExpression.In(left, options, negated));

    private static readonly TokenListParser<QueryToken, QueryExpression> Test =
        from nots in Word("not").Many()
        from left in Sum
        from compare in Comparison.Or(Within).Select(Func<QueryExpression, QueryExpression>? (c) => c).OptionalOrDefault()
        select Negated(compare is null ? left : compare(left), nots.Length);

    private static readonly TokenListParser<QueryToken, QueryExpression> Conjunction =
        Superpower.Parse.Chain(Word("and"), Test, (_, left, right) => new QueryExpression.And(left, right));

    /// <summary>The members' path; <c>[[x]]</c> quotes a name that is no word, or a key word.</summary>
    public static readonly TokenListParser<QueryToken, QueryPath> Path =
        Name.AtLeastOnceDelimitedBy(Token.EqualTo(QueryToken.Dot)).Select(names => new QueryPath(names));

    public static readonly TokenListParser<QueryToken, QueryExpression> Expression =
        Superpower.Parse.Chain(Word("or"), Conjunction, (_, left, right) => new QueryExpression.Or(left, right));

    /// <summary>A key word, in any case.</summary>
    public static TokenListParser<QueryToken, Token<QueryToken>> Word(string word) => Token.EqualToValueIgnoreCase(QueryToken.Name, word);

    /// <summary>A name without the brackets that may quote it.</summary>
    public static string Unbracket(string name) => name.StartsWith("[[", StringComparison.Ordinal) ? name[2..^2] : name;

    /// <summary>A refusal that says where.</summary>
    public static HubRefusalException Refuse(Token<QueryToken> at, string what) =>
        new(HubErrorCodes.ArgumentInvalid, $"The query cannot be read: {what} (line {at.Position.Line}, column {at.Position.Column}).");

    private static TokenListParser<QueryToken, char> Operator(QueryToken token, char sign) => Token.EqualTo(token).Value(sign);

    private static QueryExpression NewArithmetic(char sign, QueryExpression left, QueryExpression right) => new QueryExpression.Arithmetic(left, sign, right);

    private static QueryExpression.Call NewCall(Token<QueryToken> name, QueryExpression[] arguments)
    {
        QueryFunction function = QueryFunction.Find(name.ToStringValue())
            ?? throw Refuse(name, $"there is no function '{name.ToStringValue()}' here; there are {QueryFunction.Names}");
        string expected = function.Least == function.Most ? $"{function.Least}" : $"{function.Least} to {function.Most}";
        return arguments.Length >= function.Least && arguments.Length <= function.Most
            ? new QueryExpression.Call(function, arguments)
            : throw Refuse(name, $"{function.Name} takes {expected} values and got {arguments.Length}");
    }

    // A sign is a product, so that the minus of what is no number is undefined.
    private static QueryExpression.Arithmetic Negate(QueryExpression value, int signs) =>
        new(value, '*', new QueryExpression.Literal(QueryValue.Of(signs % 2 == 0 ? 1 : -1)));

    // Twice NOT is not the value itself, as NOT makes a boolean of anything.
    private static QueryExpression Negated(QueryExpression value, int nots) => nots switch
    {
        0 => value,
        _ when nots % 2 == 0 => new QueryExpression.Not(new QueryExpression.Not(value)),
        _ => new QueryExpression.Not(value),
    };

    private static CompareKind Kind(string text) => text switch
    {
        "=" => CompareKind.Equal,
        "<" => CompareKind.Less,
        ">" => CompareKind.Greater,
        "<=" => CompareKind.LessOrEqual,
        ">=" => CompareKind.GreaterOrEqual,
        _ => CompareKind.NotEqual,
    };

    private static string Unquote(string quoted)
    {
        string inner = quoted[1..^1];
        if (quoted[0] == '\'')
        {
            inner = inner.Replace("''", "'", StringComparison.Ordinal);
        }

        return inner.Contains('\\', StringComparison.Ordinal) ? Regex.Replace(inner, @"\\(.)", "$1") : inner;
    }
}
