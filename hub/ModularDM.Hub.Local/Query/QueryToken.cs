using Superpower;
using Superpower.Display;
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

    [Token(Category = "comparison")]
    Comparison,

    [Token(Example = "+")]
    Plus,

    [Token(Example = "-")]
    Minus,

    [Token(Example = "*")]
    Star,

    [Token(Example = "/")]
    Slash,

    [Token(Example = "%")]
    Percent,

    [Token(Example = ".")]
    Dot,

    [Token(Example = ",")]
    Comma,

    [Token(Example = "(")]
    LeftParen,

    [Token(Example = ")")]
    RightParen,

    [Token(Example = "[")]
    LeftBracket,

    [Token(Example = "]")]
    RightBracket,
}

/// <summary>Cuts a query's text. Key words are names here, told apart where they stand, as a twin may well have a property called "in".</summary>
internal static class QueryTokens
{
    public static readonly Tokenizer<QueryToken> Tokenizer = new TokenizerBuilder<QueryToken>()
        .Ignore(Span.WhiteSpace)
        .Match(Span.Regex("'(?:[^'\\\\]|\\\\.|'')*'"), QueryToken.Text)
        .Match(Span.Regex("\"(?:[^\"\\\\]|\\\\.)*\""), QueryToken.Text)
        .Match(Span.Regex(@"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\p{L}_])"), QueryToken.Number)
        .Match(Span.Regex(@"\[\[[^\]]+\]\]"), QueryToken.Name)
        .Match(Span.Regex(@"[\p{L}\p{N}_\$][\p{L}\p{N}_\$]*"), QueryToken.Name)
        .Match(Span.Regex("(?:!=|<>|<=|>=|=|<|>)"), QueryToken.Comparison)
        .Match(Character.EqualTo('+'), QueryToken.Plus)
        .Match(Character.EqualTo('-'), QueryToken.Minus)
        .Match(Character.EqualTo('*'), QueryToken.Star)
        .Match(Character.EqualTo('/'), QueryToken.Slash)
        .Match(Character.EqualTo('%'), QueryToken.Percent)
        .Match(Character.EqualTo('.'), QueryToken.Dot)
        .Match(Character.EqualTo(','), QueryToken.Comma)
        .Match(Character.EqualTo('('), QueryToken.LeftParen)
        .Match(Character.EqualTo(')'), QueryToken.RightParen)
        .Match(Character.EqualTo('['), QueryToken.LeftBracket)
        .Match(Character.EqualTo(']'), QueryToken.RightBracket)
        .Build();
}
