using System.Text;
using CsCheck;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Protocol;

public sealed class SasTokenTests
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("a key for tests");
    private static readonly DateTimeOffset Expiry = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Fact]
    public void Create_KnownInput_GivesKnownToken() => Assert.Equal(
        "SharedAccessSignature sr=contoso.example.com%2Fdevices%2Fd1&sig=" + Uri.EscapeDataString(Signature("contoso.example.com%2Fdevices%2Fd1\n1700000000")) + "&se=1700000000&skn=device",
        SasToken.Create("contoso.example.com/devices/d1", Convert.ToBase64String(Key), Expiry, "device"));

    [Fact]
    public void TryParse_LowerCaseEscapesInOtherOrder_VerifiesTheRawText()
    {
        string sr = "contoso.example.com%2fdevices%2fd1";
        string token = $"SharedAccessSignature se=1700000000&sig={Uri.EscapeDataString(Signature(sr + "\n1700000000"))}&sr={sr}";
        Assert.True(SasToken.TryParse(token, out SasToken? parsed, out _));
        Assert.Equal("contoso.example.com/devices/d1", parsed.Resource);
        Assert.True(parsed.IsSignedWith(Key));
        Assert.False(parsed.IsSignedWith("another"u8));
        Assert.Null(parsed.PolicyName);
    }

    [Theory]
    [InlineData("h/devices/d1", "h/devices/d1", true)]
    [InlineData("H/Devices/D1", "h/devices/d1", true)]
    [InlineData("h", "h/devices/d1", true)]
    [InlineData("h/devices", "h/devices/d1", true)]
    [InlineData("h/devices/d", "h/devices/d1", false)]
    [InlineData("h/devices/d1/modules/m", "h/devices/d1", false)]
    [InlineData("g/devices/d1", "h/devices/d1", false)]
    [InlineData("h/devices/a%3Ab", "h/devices/a:b", true)]
    public void Covers_Resource_MatchesByWholeSegments(string resource, string audience, bool covered)
    {
        Assert.True(SasToken.TryParse(SasToken.Create(resource, Convert.ToBase64String(Key), Expiry), out SasToken? token, out _));
        Assert.Equal(covered, token.Covers(audience));
    }

    [Fact]
    public void IsExpired_WithinFiveMinutes_IsForgiven()
    {
        Assert.True(SasToken.TryParse(SasToken.Create("h", Convert.ToBase64String(Key), Expiry), out SasToken? token, out _));
        Assert.False(token.IsExpired(Expiry + TimeSpan.FromMinutes(5)));
        Assert.True(token.IsExpired(Expiry + TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData("Bearer x", "start")]
    [InlineData("SharedAccessSignature sr=a&sig=YQ%3D%3D", "'se'")]
    [InlineData("SharedAccessSignature sr=a&sig=!&se=1", "'sig'")]
    [InlineData("SharedAccessSignature sr=a&sig=YQ%3D%3D&se=soon", "'se'")]
    [InlineData("SharedAccessSignature sr=a&sr=b&sig=YQ%3D%3D&se=1", "'sr' twice")]
    [InlineData("SharedAccessSignature sr=a&sig=YQ%3D%3D&se=1&x=y", "unknown")]
    [InlineData("SharedAccessSignature sr=a&sig=YQ%3D%3D&se=99999999999999999", "'se'")]
    public void TryParse_BadToken_SaysWhatIsWrong(string text, string named)
    {
        Assert.False(SasToken.TryParse(text, out _, out string? error));
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateAndParse_AnyResource_RoundTrips() => Gen.Select(Gen.String[1, 40], Gen.Byte.Array[1, 64]).Sample((resource, key) =>
    {
        // Half a surrogate pair has no escaped form.
        string plain = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(resource));
        return SasToken.TryParse(SasToken.Create(plain, Convert.ToBase64String(key), Expiry, "p"), out SasToken? token, out _)
            && token.Resource == plain && token.PolicyName == "p" && token.Expiry == Expiry && token.IsSignedWith(key);
    });

    private static string Signature(string text) => Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(text)));
}
