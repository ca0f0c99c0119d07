using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Tests.Twin;

public sealed class SectionNameTests
{
    [Theory]
    [InlineData("timeInfo", "windows", "timeInfo")]
    [InlineData("contoso.fan", "contoso", "fan")]
    [InlineData("a-b_1.C2", "a-b_1", "C2")]
    public void Parse_Name_GivesItsParts(string name, string vendor, string section) =>
        Assert.Equal(new SectionName(vendor, section), SectionName.Parse(name, "windows"));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("contoso.")]
    [InlineData(".fan")]
    [InlineData("a.b.c")]
    [InlineData("1fan")]
    [InlineData("-fan")]
    [InlineData("con toso.fan")]
    [InlineData("$fan")]
    [InlineData("fän")]
    [InlineData("fan\n")]
    public void Parse_NoName_IsRefused(string name) => Assert.Throws<FormatException>(() => SectionName.Parse(name, "windows"));

    [Fact]
    public void Parse_LongestPart_Is64Characters()
    {
        Assert.Equal(64, SectionName.Parse(new string('a', 64), "windows").Section.Length);
        Assert.Throws<FormatException>(() => SectionName.Parse(new string('a', 65), "windows"));
    }

    [Fact]
    public void ToString_IsWhatParseReads()
    {
        var name = new SectionName("contoso", "fan");

        Assert.Equal(name, SectionName.Parse(name.ToString(), "windows"));
    }
}
