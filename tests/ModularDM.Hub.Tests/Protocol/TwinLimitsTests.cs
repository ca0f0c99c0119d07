using System.Text.Json;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Protocol;

public sealed class TwinLimitsTests
{
    [Theory]
    [InlineData("""{"$version":3,"$metadata":{"x":"yyyy"}}""", 0)]
    [InlineData("""{"ab":1}""", 10)]
    [InlineData("""{"ab":true,"c":false}""", 11)]
    [InlineData("""{"a":{"b":[1,"xyz",{"c":"é"}]}}""", 1 + 1 + 8 + 3 + 1 + 2)]
    [InlineData("""{"a":"x\u0001\u007fy"}""", 3)]
    [InlineData("""{"a":"\u0085é"}""", 3)]
    [InlineData("""{"a":null}""", 1)]
    public void Measure_Section_CountsAsTheHubDoes(string json, int expected) => Assert.Equal(expected, TwinLimits.Measure(Parse(json)));

    [Fact]
    public void Check_SectionAtEveryLimit_FindsNothing()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"k\":", TwinLimits.Depth)) + "1" + new string('}', TwinLimits.Depth);
        string json = $$"""{"{{new string('k', 1024)}}":"{{new string('v', 4096)}}","min":-4503599627370496,"max":4503599627370495,"big":1e300,"d":{{deep}}}""";
        Assert.Empty(TwinLimits.Check(Parse(json), TwinLimits.ReportedBytes));
    }

    [Fact]
    public void Check_SectionOverEveryLimit_FindsAll()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"k\":", TwinLimits.Depth + 1)) + "1" + new string('}', TwinLimits.Depth + 1);
        string json = $$"""{"{{new string('k', 1025)}}":1,"v":"{{new string('v', 4097)}}","min":-4503599627370497,"max":4503599627370496,"a.b":1,"o":{"a b":1,"$x":1,"":1,"t\t":1},"n":[1,null],"d":{{deep}}}""";
        IReadOnlyList<TwinLimitViolation> found = TwinLimits.Check(Parse(json), 5000);
        Assert.Equal(
            ["", new string('k', 1025), "v", "min", "max", "a.b", "o.a b", "o.$x", "o.", "o.t\t", "n[1]", "d.k.k.k.k.k.k.k.k.k.k"],
            found.Select(v => v.Path));
        Assert.Equal("'a.b': The key holds '.'. Keys hold no '.', '$', space or control character.", found[5].ToString());
        Assert.Equal("'v': The value is 4097 bytes long. At most 4096 bytes of UTF-8.", found[2].ToString());
    }

    [Fact]
    public void Check_BookkeepingBelowTheSection_IsRefused() =>
        Assert.Equal("a.$version", Assert.Single(TwinLimits.Check(Parse("""{"$version":1,"a":{"$version":1}}"""), 100)).Path);

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    public void Check_NotAnObject_IsOneViolation(string json) => Assert.Single(TwinLimits.Check(Parse(json), 100));

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
