using System.Text;
using System.Text.Json;
using CsCheck;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Tests.Twin;

public sealed class TwinKeyTests
{
    private static readonly string[] s_special = [".", "$", "%", " ", "\t", "\n", "\0", "\u007F", "\u0085", "\u00A0", "\u2028", "%41", "%zz", "é", "日本", "😀"];

    // Plain letters, everything forbidden, and runes from all over Unicode.
    private static readonly Gen<string> s_texts = Gen.OneOf(
        Gen.Char['a', 'z'].Select(c => c.ToString()),
        Gen.Int[0, s_special.Length - 1].Select(i => s_special[i]),
        Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(value => new Rune(value).ToString())).Array[1, 60].Select(string.Concat);

    [Fact]
    public void Decode_WhatEncodeMade_IsTheText() => s_texts.Sample(text => TwinKey.Decode(TwinKey.Encode(text)) == text);

    [Fact]
    public void Encode_AnyText_PassesTheHubsRules() => s_texts.Sample(text =>
    {
        var section = new Dictionary<string, int> { [TwinKey.Encode(text)] = 1 };
        return TwinRules.Check(JsonSerializer.SerializeToElement(section)).Count == 0;
    });

    [Fact]
    public void Encode_DifferentTexts_GiveDifferentKeys() =>
        Gen.Select(s_texts, s_texts).Sample((one, other) => one == other || TwinKey.Encode(one) != TwinKey.Encode(other));

    [Theory]
    [InlineData("fan", "fan")]
    [InlineData("contoso.fan", "contoso%2Efan")]
    [InlineData("Home Wifi", "Home%20Wifi")]
    [InlineData("100%", "100%25")]
    [InlineData("a\u0085b", "a%C2%85b")]
    public void Encode_Text_IsReadable(string text, string key) => Assert.Equal(key, TwinKey.Encode(text));

    [Theory]
    [InlineData("a%4")]
    [InlineData("%")]
    [InlineData("%zz")]
    [InlineData("%FF")]
    [InlineData("%C3x")]
    public void Decode_NoKey_IsRefused(string key) => Assert.Throws<FormatException>(() => TwinKey.Decode(key));

    [Fact]
    public void Encode_OverOneKilobyte_IsRefused()
    {
        Assert.Equal(1024, TwinKey.Encode(new string('x', 1024)).Length);
        Assert.Throws<ArgumentException>(() => TwinKey.Encode(new string('x', 1025)));
        Assert.Throws<ArgumentException>(() => TwinKey.Encode(new string('.', 342)));
    }

    [Fact]
    public void Encode_HalfASurrogatePair_IsRefused() => Assert.Throws<ArgumentException>(() => TwinKey.Encode("a\uD83D"));

    [Fact]
    public void Encode_Nothing_IsRefused() => Assert.Throws<ArgumentException>(() => TwinKey.Encode(""));
}
