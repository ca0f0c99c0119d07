using System.Text.Json;
using System.Text.RegularExpressions;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>Checks <see cref="ProvisioningOptions"/> when the host starts.</summary>
internal static partial class ProvisioningMistakes
{
    /// <summary>What is wrong, each with the key to type and without any secret.</summary>
    public static IEnumerable<string> Find(ProvisioningOptions options, HubOptions hub)
    {
        if (!string.IsNullOrWhiteSpace(hub.ConnectionString) || !string.IsNullOrWhiteSpace(hub.ConnectionStringFile))
        {
            yield return "Hub:Provisioning:IdScope is set beside Hub:ConnectionString or Hub:ConnectionStringFile; the hub is either given or assigned, so remove one.";
        }

        if (!IdScope().IsMatch(options.IdScope!))
        {
            yield return "Hub:Provisioning:IdScope must be letters and digits, as the provisioning service shows it.";
        }

        if (!ProvisionedIdentity.TryFindRegistrationId(options, hub, out string? id, out string? missing))
        {
            yield return missing;
        }
        else if (!RegistrationId().IsMatch(id))
        {
            yield return $"Hub:Provisioning:RegistrationId must be 1 to 128 letters, digits and - . _ : with a letter or digit at the end; it is '{id}'.";
        }
        else if (!ProvisioningKey.TryRead(options, hub, id, out _, out string? error))
        {
            yield return error;
        }

        if (!IsEndpoint(options.Endpoint))
        {
            yield return "Hub:Provisioning:Endpoint must be a host with an optional port, as global.azure-devices-provisioning.net.";
        }

        if (!string.IsNullOrWhiteSpace(options.Payload) && !IsJson(options.Payload))
        {
            yield return "Hub:Provisioning:Payload must be JSON.";
        }
    }

    private static bool IsEndpoint(string text)
    {
        try
        {
            return !string.IsNullOrWhiteSpace(text) && Uri.CheckHostName(HubEndpoint.Parse(text, 1).Host) != UriHostNameType.Unknown;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9]{1,64}$")]
    private static partial Regex IdScope();

    [GeneratedRegex("^[A-Za-z0-9._:-]{0,127}[A-Za-z0-9]$")]
    private static partial Regex RegistrationId();
}
