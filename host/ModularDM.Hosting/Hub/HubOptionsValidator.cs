using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Hub;

/// <summary>Checks <see cref="HubOptions"/> when the host starts, the connection string and the CA file included, and names every wrong key.</summary>
internal sealed class HubOptionsValidator : IValidateOptions<HubOptions>
{
    private readonly HubAnnotations _annotations = new();

    public ValidateOptionsResult Validate(string? name, HubOptions options)
    {
        ValidateOptionsResult annotations = _annotations.Validate(name, options);
        List<string> failures = [.. annotations.Failures ?? []];
        if (!HubCredentials.TryRead(options, out _, out string? error))
        {
            failures.Add(error);
        }

        if (CheckCaFile(options.CaFile) is { } wrong)
        {
            failures.Add(wrong);
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

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
