using System.Text;
using System.Text.Json;
using CsCheck;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Protocol;

public sealed class MergePatchTests
{
    // RFC 7396, appendix A.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", """{}""")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("", """{"a":{"b":null,"c":[null]}}""", """{"a":{"c":[null]}}""")]
    public void Apply_Example_GivesResult(string target, string patch, string expected)
    {
        byte[] result = MergePatch.Apply(Encoding.UTF8.GetBytes(target), Encoding.UTF8.GetBytes(patch));
        Assert.Equal(expected, Encoding.UTF8.GetString(result));
    }

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""", null)]
    [InlineData("""{"a":1}""", """{"a":1.0}""", null)]
    [InlineData("""{"a":{"b":{"c":1,"d":2}}}""", """{"a":{"b":{"c":1,"d":3}}}""", """{"a":{"b":{"d":3}}}""")]
    [InlineData("""{"a":{"b":1},"c":[1,2]}""", """{"a":{"b":1},"c":[1]}""", """{"c":[1]}""")]
    [InlineData("""{"a":{"b":1},"z":{"y":{"x":1}}}""", """{"z":{"y":{}}}""", """{"z":{"y":{"x":null}},"a":null}""")]
    [InlineData("""{"a":1}""", """{"a":{"b":{}}}""", """{"a":{"b":{}}}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":7}""", """{"a":7}""")]
    [InlineData("""{"caf\u00e9":1}""", """{"café":1}""", null)]
    [InlineData("", "{}", "{}")]
    public void Diff_Example_GivesMinimalPatch(string from, string to, string? expected)
    {
        byte[]? patch = MergePatch.Diff(Encoding.UTF8.GetBytes(from), Encoding.UTF8.GetBytes(to));
        Assert.Equal(expected, patch is null ? null : Encoding.UTF8.GetString(patch));
    }

    [Fact]
    public void Apply_DuplicateName_Throws() =>
        Assert.ThrowsAny<JsonException>(() => MergePatch.Apply("{}"u8.ToArray(), """{"a":1,"a":2}"""u8.ToArray()));

    [Fact]
    public void ApplyOfDiff_AnyTwoDocuments_GivesTheSecond() => Gen.Select(JsonGen.Document, JsonGen.Document).Sample((a, b) =>
    {
        byte[]? patch = MergePatch.Diff(Bytes(a), Bytes(b));
        return patch is null ? JsonGen.AreEqual(a, b) : JsonGen.AreEqual(Encoding.UTF8.GetString(MergePatch.Apply(Bytes(a), patch)), b);
    });

    [Fact]
    public void Diff_SameDocumentInOtherOrder_GivesNone() => JsonGen.Document.Sample(a => MergePatch.Diff(Bytes(a), Bytes(JsonGen.Reversed(a))) is null);

    [Fact]
    public void Diff_AnyTwoDocuments_ShrinksToNothingOnceApplied() => Gen.Select(JsonGen.Document, JsonGen.Document).Sample((a, b) =>
        MergePatch.Diff(Bytes(a), Bytes(b)) is not { } patch || MergePatch.Diff(MergePatch.Apply(Bytes(a), patch), Bytes(b)) is null);

    [Fact]
    public void ApplyAndDiff_ObjectOfThousandsOfMembers_StayExact()
    {
        string many = "{" + string.Join(',', Enumerable.Range(0, 4000).Select(i => $"\"k{i}\":{i}")) + "}";
        string changed = many.Replace("\"k77\":77,", "\"k77\":\"x\",", StringComparison.Ordinal);
        byte[]? patch = MergePatch.Diff(Bytes(many), Bytes(changed));
        Assert.Equal("""{"k77":"x"}""", Encoding.UTF8.GetString(patch!));
        Assert.Equal(changed, Encoding.UTF8.GetString(MergePatch.Apply(Bytes(many), patch)));
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
