using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>
/// RootCATrustedCertificates and CertificateStore: a certificate is read for what it is, stands under its own thumbprint and no other, and says who it is from. A
/// trusted root shows in both.
/// </summary>
internal sealed class CertificateArea : SimulatedArea
{
    private const string Trusted = "./Vendor/MSFT/RootCATrustedCertificates/";
    private const string Store = "./Vendor/MSFT/CertificateStore/";
    private const string TrustedRoot = Trusted + "Root";
    private const string StoreRoot = Store + "ROOT/System";
    private const string Encoded = "EncodedCertificate";

    private static readonly string[] s_stores =
    [
        TrustedRoot, Trusted + "CA", Trusted + "TrustedPublisher", Trusted + "TrustedPeople", Trusted + "UntrustedCertificates",
        StoreRoot, Store + "CA/System", Store + "My/System", Store + "My/User",
    ];

    public override IReadOnlyList<string> Addresses { get; } = [.. s_stores.SelectMany(store => (string[])[$"{store}/{{*}}", $"{store}/{{*}}/{Encoded}"])];

    public override CspOutcome? OnSet(CspCall call)
    {
        if (call.Node.Name != Encoded)
        {
            return null;
        }

        CspNode place = call.Node.Parent!;
        if (Read(call.Data ?? string.Empty) is not { } certificate)
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        using (certificate)
        {
            if (!string.Equals(certificate.Thumbprint, place.Name, StringComparison.OrdinalIgnoreCase))
            {
                return new CspOutcome(SyncMlStatus.BadRequest);
            }

            string store = place.Parent!.Address;
            Describe(call.Tree, place.Address, certificate);
            if (store == TrustedRoot)
            {
                string twin = LocUri.Combine(StoreRoot, place.Name);
                call.Tree.Set($"{twin}/{Encoded}", call.Data);
                Describe(call.Tree, twin, certificate);
            }
        }

        return null;
    }

    public override CspOutcome? OnDelete(CspCall call)
    {
        if (call.Node.Parent!.Address is TrustedRoot or StoreRoot)
        {
            string other = call.Node.Parent.Address == TrustedRoot ? StoreRoot : TrustedRoot;
            call.Tree.Remove(LocUri.Combine(other, call.Node.Name));
        }

        return null;
    }

    private static X509Certificate2? Read(string base64)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(Convert.FromBase64String(base64));
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }

    private static void Describe(CspTree tree, string place, X509Certificate2 certificate)
    {
        tree.Set($"{place}/IssuedBy", certificate.Issuer);
        tree.Set($"{place}/IssuedTo", certificate.Subject);
        tree.Set($"{place}/ValidFrom", Moment(certificate.NotBefore));
        tree.Set($"{place}/ValidTo", Moment(certificate.NotAfter));
        tree.Set($"{place}/TemplateName", string.Empty);
    }

    private static string Moment(DateTime local) => CspMoment.Format(local);
}
