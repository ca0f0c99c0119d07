using System.Text;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Tests.Twin;

public sealed class SectionReportTests
{
    [Theory]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{} 1")]
    public void FromJson_NoObject_IsRefused(string json) => Assert.Throws<ArgumentException>(() => SectionReport.FromJson(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void FromJson_Object_IsKept() => Assert.Equal("""{"a":[1]}""", Encoding.UTF8.GetString(SectionReport.FromJson("""{"a":[1]}"""u8.ToArray()).Utf8Json.Span));

    [Fact]
    public void Refusals_WithoutAnError_CannotBeMade()
    {
        Assert.Throws<ArgumentException>(() => ApplyResult.Rejected());
        Assert.Throws<ArgumentException>(() => ApplyResult.Failed());
        Assert.Throws<ArgumentException>(() => MethodResult.BadPayload());
        Assert.Throws<ArgumentException>(() => MethodResult.Failed());
    }
}
