using System.Text;
using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Authorization;

public sealed class CspAddressTests
{
    [Theory]
    [InlineData("./Vendor/MSFT/WiFi", "./Vendor/MSFT/WiFi", true)]
    [InlineData("./Vendor/MSFT/WiFi", "./Device/Vendor/MSFT/WiFi/Profile/Contoso%20guests", true)]
    [InlineData("./Device/Vendor/MSFT/WiFi", "./Vendor/MSFT/WiFi/Profile", true)]
    [InlineData("./Vendor/MSFT/WiFi", "./Vendor/MSFT/WiFi?list=StructData", true)]
    [InlineData("./Vendor/MSFT/Wi%46i", "./Vendor/MSFT/WiFi", true)]
    [InlineData("./Vendor/MSFT/WiFi", "./Vendor/MSFT/Wi%46i/Profile", true)]
    [InlineData("./Vendor/MSFT/WiFi", "./Vendor/MSFT/WiFiNetwork", false)]
    [InlineData("./Vendor/MSFT/WiFi", "./Vendor/MSFT", false)]
    [InlineData("./Vendor/MSFT/WiFi", "./User/Vendor/MSFT/WiFi", false)]
    [InlineData("./User/Vendor/MSFT/WiFi", "./Vendor/MSFT/WiFi", false)]
    [InlineData("./Vendor/MSFT/WiFi", "./vendor/msft/wifi", false)]
    [InlineData("./Vendor/MSFT/WiFi/Profile", "./Vendor/MSFT/WiFi%2FProfile/x", false)]
    [InlineData("./Vendor/MSFT/WiFi", "./Device/Device/Vendor/MSFT/WiFi", false)]
    public void Covers_WholeDecodedSegments_AndNothingElse(string granted, string asked, bool covered) => Assert.Equal(covered, Parse(granted).Covers(Parse(asked)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("/Vendor/MSFT/WiFi")]
    [InlineData("Vendor/MSFT/WiFi")]
    [InlineData("./Vendor/MSFT/WiFi/")]
    [InlineData("./Vendor//MSFT")]
    [InlineData("./Vendor/MSFT/WiFi/../RemoteWipe")]
    [InlineData("./Vendor/MSFT/WiFi/%2e%2e/RemoteWipe")]
    [InlineData("./Vendor/MSFT/WiFi/.%2E/RemoteWipe")]
    [InlineData("./Vendor/MSFT/WiFi/%252e%252e/RemoteWipe")]
    [InlineData("./Vendor/MSFT/WiFi/x%2F..%2F..%2FRemoteWipe")]
    [InlineData("./Vendor/MSFT/WiFi/x%2F%2Fy")]
    [InlineData("./Vendor/MSFT/WiFi/%c0%ae%c0%ae/RemoteWipe")]
    [InlineData("./Vendor/MSFT/WiFi/./Profile")]
    [InlineData("./Vendor/MSFT/WiFi/a\\..\\b")]
    [InlineData("./Vendor/MSFT/WiFi/a%5C..%5Cb")]
    [InlineData("./Vendor/MSFT/*")]
    [InlineData("./Vendor/MSFT/WiFi#x")]
    [InlineData("./Vendor/MSFT/WiFi?prop=ACL")]
    [InlineData("./Vendor/MSFT/WiFi?list=structdata")]
    [InlineData("./Vendor/MSFT/WiFi?list=Struct?list=Struct")]
    [InlineData("./Vendor/MSFT/WiFi/a%0ab")]
    [InlineData("./Vendor/MSFT/WiFi/a\nb")]
    [InlineData("./Vendor/MSFT/WiFi/a%b")]
    [InlineData("./Vendor/MSFT/WiFi/a%zz")]
    public void TryParse_WhatCouldMeanTwoThings_IsNoAddress(string text)
    {
        Assert.False(CspAddress.TryParse(text, out _, out string? why));
        Assert.DoesNotContain('\n', why);
    }

    [Fact]
    public void TryParse_TooLongOrTooDeep_IsNoAddress()
    {
        Assert.False(CspAddress.TryParse("./" + new string('a', CspAddress.MaxChars), out _, out _));
        Assert.False(CspAddress.TryParse("./" + string.Join('/', Enumerable.Repeat("a", 41)), out _, out _));
        Assert.True(CspAddress.TryParse("./" + string.Join('/', Enumerable.Repeat("a", 40)), out _, out _));
    }

    [Fact]
    public void TryParse_ChannelWithASlash_StaysOneSegment() => Assert.Equal(
        ["Vendor", "MSFT", "DiagnosticLog", "EtwLog", "Channels", "Contoso-Pump/Admin"], Parse("./Vendor/MSFT/DiagnosticLog/EtwLog/Channels/Contoso-Pump%2FAdmin").Segments);

    [Theory]
    [InlineData("""{ "locUri": "./Vendor/MSFT", "verbs": ["get"] }""", "csp[0].locUri")]
    [InlineData("""{ "locUri": "./Device", "verbs": ["get"] }""", "csp[0].locUri")]
    [InlineData("""{ "locUri": "./device", "verbs": ["get"] }""", "csp[0].locUri")]
    [InlineData("""{ "locUri": "./User/Vendor", "verbs": ["get"] }""", "csp[0].locUri")]
    [InlineData("""{ "locUri": "./Vendor/MSFT/WiFi/*", "verbs": ["get"] }""", "wildcards")]
    [InlineData("""{ "locUri": "./Vendor/MSFT/WiFi?list=Struct", "verbs": ["get"] }""", "csp[0].locUri")]
    [InlineData("""{ "verbs": ["get"] }""", "csp[0].locUri")]
    [InlineData("""{ "locUri": "./DevInfo", "verbs": [] }""", "csp[0].verbs")]
    [InlineData("""{ "locUri": "./DevInfo", "verbs": ["Get"] }""", "csp[0].verbs[0]")]
    [InlineData("""{ "locUri": "./DevInfo", "verbs": ["get", null] }""", "csp[0].verbs[1]")]
    [InlineData("null", "csp[0]")]
    public void Policy_EntryThatGrantsNothingNamed_IsRefusedWithItsKey(string entry, string said) =>
        Assert.Contains(said, Assert.Throws<PolicyException>(() => Policy(entry)).Message, StringComparison.Ordinal);

    [Fact]
    public void Authorize_SeveralLines_VerbFromOneSecretFromAnother()
    {
        var authorizer = new Authorizer(
            Policy("""
                { "locUri": "./Vendor/MSFT/WiFi", "verbs": ["get", "add"] }, { "locUri": "./Vendor/MSFT/WiFi/Profile", "verbs": ["delete"], "secret": true }
                """),
            new CallerIdentity { Uid = 1 });
        Assert.False(authorizer.AuthorizeNode("p", "csp", "./Vendor/MSFT/WiFi", CspVerb.Get).Secret);
        Assert.True(authorizer.AuthorizeNode("p", "csp", "./Vendor/MSFT/WiFi/Profile/x/WlanXml", CspVerb.Add).Secret);
        Assert.Equal(
            ConfiguratorErrorCode.Denied, Assert.Throws<ConfiguratorException>(() => authorizer.AuthorizeNode("p", "csp", "./Vendor/MSFT/WiFi", CspVerb.Delete)).Code);
        Assert.Equal(
            ConfiguratorErrorCode.Denied, Assert.Throws<ConfiguratorException>(() => authorizer.AuthorizeNode("q", "csp", "./Vendor/MSFT/WiFi", CspVerb.Get)).Code);
    }

    private static CspAddress Parse(string text)
    {
        Assert.True(CspAddress.TryParse(text, out CspAddress? address, out string? why), why);
        return address;
    }

    private static Policy Policy(string entries) => PolicyReader.Read(Encoding.UTF8.GetBytes(
        $$"""{ "version": 1, "callers": [ { "subject": "uid:1", "grants": [ { "plugin": "p", "operations": ["csp"], "csp": [ {{entries}} ] } ] } ] }"""));
}
