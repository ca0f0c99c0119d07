using System.Text;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Protocol;

public sealed class HubErrorBodyTests
{
    private static readonly HubErrorBody Offline =
        new(HubErrorCodes.DeviceNotOnline, "Timed out \"waiting\".", "ab12", new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    [Fact]
    public void ToJson_EachForm_IsTheWiresText()
    {
        Assert.Equal(
            """{"Message":"ErrorCode:DeviceNotOnline;Timed out \"waiting\".","ExceptionMessage":"Tracking ID:ab12"}""",
            Encoding.UTF8.GetString(Offline.ToRegistryJson()));
        Assert.Equal(
            """{"errorCode":404103,"trackingId":"ab12","message":"Timed out \"waiting\".","timestampUtc":"2026-01-02T03:04:05.6780000Z"}""",
            Encoding.UTF8.GetString(Offline.ToDeviceJson()));
        Assert.Equal(
            """{"Message":"{\"errorCode\":404103,\"trackingId\":\"ab12\",\"message\":\"Timed out \\\"waiting\\\".\",\"timestampUtc\":\"2026-01-02T03:04:05.6780000Z\"}","ExceptionMessage":""}""",
            Encoding.UTF8.GetString(Offline.ToMethodsJson()));
    }

    [Fact]
    public void TryParse_EachForm_GivesTheError()
    {
        Assert.True(HubErrorBody.TryParse(Offline.ToRegistryJson(), out HubErrorBody? registry));
        Assert.Equal(Offline with { Timestamp = default }, registry);
        Assert.True(HubErrorBody.TryParse(Offline.ToMethodsJson(), out HubErrorBody? methods));
        Assert.Equal(Offline, methods);
        Assert.True(HubErrorBody.TryParse(Offline.ToDeviceJson(), out HubErrorBody? device));
        Assert.Equal(Offline, device);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Message":"{"}""")]
    [InlineData("""{"Message":"plain"}""")]
    [InlineData("""{"errorCode":"x"}""")]
    public void TryParse_OtherBody_IsNotRead(string body) => Assert.False(HubErrorBody.TryParse(Encoding.UTF8.GetBytes(body), out _));

    [Fact]
    public void Names_EveryCode_RoundTrips()
    {
        int[] codes = [.. typeof(HubErrorCodes).GetFields().Where(f => f.IsLiteral).Select(f => (int)f.GetRawConstantValue()!)];
        Assert.True(codes.Length >= 35);
        Assert.All(codes, code => Assert.Equal(code, HubErrorCodes.CodeOf(HubErrorCodes.NameOf(code))));
        Assert.Equal("InvalidErrorCode", HubErrorCodes.NameOf(1));
    }
}
