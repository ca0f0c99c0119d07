using System.Text.Json.Nodes;
using ModularDM.Hosting.Hub.Provisioning;

namespace ModularDM.Host.Provisioning;

/// <summary>What an operator says about who this device is: the settings that follow, and the one secret behind them.</summary>
/// <param name="SecretName">Name of the file in the secrets' folder.</param>
/// <param name="SecretKey">The setting that leads to it.</param>
/// <param name="Secret">The text of the file.</param>
/// <param name="Settings">Everything else. Empty values undo what another way to say it has left.</param>
internal sealed record DeviceIdentity(string SecretName, string SecretKey, string Secret, IReadOnlyList<(string Key, string Value)> Settings)
{
    private const string ConnectionStringFile = "Hub:ConnectionStringFile";
    private const string SymmetricKeyFile = "Hub:Provisioning:SymmetricKeyFile";
    private const string GroupKeyFile = "Hub:Provisioning:GroupKeyFile";
    private const string IdScope = "Hub:Provisioning:IdScope";

    /// <summary>The names that secrets may have; those that are no longer used are removed.</summary>
    public static IReadOnlyList<string> SecretNames { get; } = ["hub-connection-string", "provisioning-key"];

    public static DeviceIdentity FromConnectionString(string text) =>
        new("hub-connection-string", ConnectionStringFile, text, [(IdScope, ""), (SymmetricKeyFile, ""), (GroupKeyFile, "")]);

    /// <param name="idScope">Of the provisioning service.</param>
    /// <param name="registrationId">The device's name there.</param>
    /// <param name="key">Base64.</param>
    /// <param name="isGroupKey">Then the device's own key is made from it, and only that one is kept: the other opens every device of the group.</param>
    /// <param name="endpoint">The service; null for the usual one.</param>
    /// <exception cref="FormatException">The key is not base64.</exception>
    public static DeviceIdentity FromProvisioning(string idScope, string registrationId, string key, bool isGroupKey, string? endpoint)
    {
        if (key.Length == 0 || !Convert.TryFromBase64String(key, new byte[key.Length], out _))
        {
            throw new FormatException("--key-file does not hold a base64 key.");
        }

        List<(string, string)> settings = [(ConnectionStringFile, ""), (GroupKeyFile, ""), (IdScope, idScope), ("Hub:Provisioning:RegistrationId", registrationId)];
        if (endpoint is not null)
        {
            settings.Add(("Hub:Provisioning:Endpoint", endpoint));
        }

        return new("provisioning-key", SymmetricKeyFile, isGroupKey ? ProvisioningKey.Derive(key, registrationId) : key, settings);
    }

    /// <summary>As settings of the command line, with the secret at <paramref name="secretFile"/>.</summary>
    public string[] ToCommandLine(string secretFile) => [.. Settings.Append((SecretKey, secretFile)).Select(setting => $"{setting.Item1}={setting.Item2}")];

    /// <summary>As a configuration file, with the secret at <paramref name="secretFile"/>.</summary>
    public JsonObject ToJson(string secretFile)
    {
        var root = new JsonObject();
        foreach ((string key, string value) in Settings.Append((SecretKey, secretFile)))
        {
            string[] path = key.Split(':');
            JsonObject node = root;
            foreach (string name in path[..^1])
            {
                node = (JsonObject)(node[name] ??= new JsonObject());
            }

            node[path[^1]] = value;
        }

        return root;
    }

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"{nameof(DeviceIdentity)} {SecretName}";
}
