using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Areas;

public sealed class CertificateAreaTests
{
    private const string Root = "./Device/Vendor/MSFT/RootCATrustedCertificates/Root";
    private const string Store = "./Vendor/MSFT/CertificateStore/ROOT/System";

    [Fact]
    public void Install_RealCertificate_DescribesItselfInBothStores()
    {
        using var machine = new Machine();
        using X509Certificate2 certificate = Create("CN=Contoso Root");
        string thumb = certificate.Thumbprint;
        string body = $"""<Add><CmdID>7</CmdID><Item><Target><LocURI>{Root}/{thumb}/EncodedCertificate</LocURI></Target><Meta><Format xmlns="syncml:metinf">b64</Format></Meta><Data>{Convert.ToBase64String(certificate.RawData)}</Data></Item></Add><Get><CmdID>8</CmdID><Item><Target><LocURI>{Root}/{thumb}/IssuedTo</LocURI></Target></Item></Get>""";
        Assert.Equal(
            $"""<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>7</CmdRef><Cmd>Add</Cmd><Data>200</Data></Status><Status><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>8</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status><Results><CmdID>4</CmdID><MsgRef>1</MsgRef><CmdRef>8</CmdRef><Item><Source><LocURI>{Root}/{thumb}/IssuedTo</LocURI></Source><Meta><Format xmlns="syncml:metinf">chr</Format></Meta><Data>CN=Contoso Root</Data></Item></Results>""",
            machine.Send(body));
        Assert.Equal("CN=Contoso Root", machine.Get($"{Store}/{thumb}/IssuedBy"));
        Assert.Equal("2026-01-02T03:04:05Z", machine.Get($"{Store}/{thumb}/ValidFrom"));
        Assert.Equal("2036-01-02T03:04:05Z", machine.Get($"{Root}/{thumb}/ValidTo"));

        machine.SwitchOffAndOn();
        Assert.Equal(thumb, machine.Get(Store));
        Assert.Equal(200, machine.Delete($"{Root}/{thumb}"));
        Assert.Equal((string.Empty, string.Empty), (machine.Get(Root), machine.Get(Store)));
    }

    [Fact]
    public void Install_UnderAnotherThumbprint_IsRefusedAndLeavesNothing()
    {
        using var machine = new Machine();
        using X509Certificate2 certificate = Create("CN=Contoso Root");
        string other = new('A', 40);
        Assert.Equal(400, machine.Add($"{Root}/{other}/EncodedCertificate", Convert.ToBase64String(certificate.RawData), "b64"));
        Assert.Equal(400, machine.Add($"{Root}/{certificate.Thumbprint}/EncodedCertificate", Convert.ToBase64String([1, 2, 3]), "b64"));
        Assert.Equal((string.Empty, string.Empty), (machine.Get(Root), machine.Get(Store)));
    }

    [Fact]
    public void Install_ThumbprintInLowerCase_IsTheSameCertificate()
    {
        using var machine = new Machine();
        using X509Certificate2 certificate = Create("CN=Contoso People");
        const string People = "./Vendor/MSFT/RootCATrustedCertificates/TrustedPeople";
        Assert.Equal(200, machine.Add($"{People}/{certificate.Thumbprint.ToLowerInvariant()}/EncodedCertificate", Convert.ToBase64String(certificate.RawData), "b64"));
        Assert.Equal(string.Empty, machine.Get(Store));
    }

    private static X509Certificate2 Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), new DateTimeOffset(2036, 1, 2, 3, 4, 5, TimeSpan.Zero));
    }
}
