using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Hub.Provisioning;

namespace ModularDM.Hosting.Hub;

/// <summary>Checks <see cref="HubOptions"/> when the host starts, connection string, certificates and provisioning included, and names every wrong key.</summary>
internal sealed class HubOptionsValidator(IOptions<ProvisioningOptions> provisioning, TimeProvider clock) : IValidateOptions<HubOptions>
{
    private readonly HubAnnotations _annotations = new();

    public ValidateOptionsResult Validate(string? name, HubOptions options)
    {
        ValidateOptionsResult annotations = _annotations.Validate(name, options);
        List<string> failures = [.. annotations.Failures ?? []];
        failures.AddRange(string.IsNullOrWhiteSpace(provisioning.Value.IdScope) ? FindConnectionStringMistakes(options) : ProvisioningMistakes.Find(provisioning.Value, options));
        if (ClientCertificateFile.IsGiven(options) && ClientCertificate.FindMistake(options, clock.GetUtcNow()) is { } unfit)
        {
            failures.Add(unfit);
        }
        else if (!ClientCertificateFile.IsGiven(options) && !(string.IsNullOrWhiteSpace(options.CertificateKeyFile) && string.IsNullOrWhiteSpace(options.CertificatePasswordFile)))
        {
            failures.Add("Hub:CertificateFile is required beside Hub:CertificateKeyFile or Hub:CertificatePasswordFile.");
        }

        failures.AddRange(HubProxy.FindMistakes(options));
        if (CheckCaFile(options.CaFile) is { } wrong)
        {
            failures.Add(wrong);
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> FindConnectionStringMistakes(HubOptions options) => HubCredentials.TryRead(options, out _, out string? error) ? [] : [error];

    private static string? CheckCaFile(string? path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            return null;
        }

        try
        {
            X509Certificate2Collection authorities = [];
            authorities.ImportFromPemFile(path);
            return authorities.Count > 0 ? null : $"Hub:CaFile '{path}' holds no certificate.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"Hub:CaFile '{path}' cannot be read: {e.Message}";
        }
    }
}

[OptionsValidator]
internal sealed partial class HubAnnotations : IValidateOptions<HubOptions>;
