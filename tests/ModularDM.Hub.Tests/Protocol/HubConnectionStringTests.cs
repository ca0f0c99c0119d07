using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Protocol;

public sealed class HubConnectionStringTests
{
    private const string Key = "c2VjcmV0LWtleS1mb3ItdGVzdHM=";

    [Theory]
    [InlineData($"HostName=contoso.example.com;DeviceId=d1;SharedAccessKey={Key}")]
    [InlineData($"HostName=localhost;DeviceId=d1;ModuleId=m;SharedAccessKey={Key};GatewayHostName=127.0.0.1:18883")]
    [InlineData($"HostName=localhost;SharedAccessKeyName=iothubowner;SharedAccessKey={Key};GatewayHostName=[::1]:8443")]
    [InlineData("HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=a%3D&se=1")]
    [InlineData("HostName=h;DeviceId=d;x509=true")]
    public void ParseAndFormat_ValidText_RoundTrips(string text) => Assert.Equal(text, HubConnectionString.Parse(text).ToConnectionString());

    [Fact]
    public void Parse_GatewayWithPort_GivesEndpoints()
    {
        var parsed = HubConnectionString.Parse($"hostname=contoso.example.com; deviceid=d ;sharedaccesskey={Key};GatewayHostName=[::1]:18883");
        Assert.Equal(new HubEndpoint("::1", 18883), parsed.GetMqttEndpoint());
        Assert.Equal(new HubEndpoint("contoso.example.com", 443), (parsed with { GatewayHostName = null }).GetHttpsEndpoint());
        Assert.Equal("d", parsed.DeviceId);
    }

    [Fact]
    public void ToString_Secrets_AreHidden()
    {
        string shown = HubConnectionString.Parse($"HostName=h;DeviceId=d;SharedAccessKey={Key}").ToString();
        Assert.Equal("HostName=h;DeviceId=d;SharedAccessKey=***", shown);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData($"DeviceId=d;SharedAccessKey={Key}", "'HostName'")]
    [InlineData("HostName=h;DeviceId=d", "'SharedAccessKey'")]
    [InlineData("HostName=h;DeviceId=d;SharedAccessKey=not base64!", "'SharedAccessKey'")]
    [InlineData("HostName=h;DeviceId=d;SharedAccessKey=", "'SharedAccessKey' is empty")]
    [InlineData($"HostName=h;SharedAccessKey={Key}", "'SharedAccessKeyName'")]
    [InlineData($"HostName=h;ModuleId=m;SharedAccessKeyName=p;SharedAccessKey={Key}", "'ModuleId'")]
    [InlineData($"HostName=h;HostName=i;DeviceId=d;SharedAccessKey={Key}", "'HostName' twice")]
    [InlineData($"HostName=h;DeviceId=d;Color=red;SharedAccessKey={Key}", "'Color'")]
    [InlineData("HostName=h;DeviceId=d;x509=maybe", "'x509'")]
    [InlineData($"HostName=h;DeviceId=d;x509=true;SharedAccessKey={Key}", "'x509=true'")]
    [InlineData($"HostName=h;DeviceId=d;SharedAccessKey={Key};GatewayHostName=g:99999", "'GatewayHostName'")]
    [InlineData("garbage", "'key='")]
    public void Parse_InvalidText_NamesTheKeyAndShowsNoSecret(string text, string named)
    {
        string message = Assert.Throws<FormatException>(() => HubConnectionString.Parse(text)).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, message, StringComparison.Ordinal);
    }
}
