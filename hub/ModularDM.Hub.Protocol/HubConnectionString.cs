using System.Text;

namespace ModularDM.Hub.Protocol;

/// <summary>A hub connection string of a device, a module or a service policy.</summary>
public sealed record HubConnectionString
{
    /// <summary>The hub's host name. It is signed into every token and need not be the host that is connected to.</summary>
    public required string HostName { get; init; }

    /// <summary>The device, in the connection string of a device or module.</summary>
    public string? DeviceId { get; init; }

    /// <summary>The module, in the connection string of a module.</summary>
    public string? ModuleId { get; init; }

    /// <summary>The base64 key; a secret.</summary>
    public string? SharedAccessKey { get; init; }

    /// <summary>The policy that <see cref="SharedAccessKey"/> belongs to, in the connection string of a service.</summary>
    public string? SharedAccessKeyName { get; init; }

    /// <summary>A ready-made token instead of a key; a secret.</summary>
    public string? SharedAccessSignature { get; init; }

    /// <summary>Where to connect instead of <see cref="HostName"/>: a host with an optional port.</summary>
    public string? GatewayHostName { get; init; }

    /// <summary>Whether a client certificate stands in for key and token.</summary>
    public bool UseX509 { get; init; }

    /// <summary>Reads a connection string.</summary>
    /// <exception cref="FormatException">A key is unknown, doubled, missing or has a value that cannot be right; the message names it and holds no value.</exception>
    public static HubConnectionString Parse(string text) => TryParse(text, out HubConnectionString? parsed, out string? error) ? parsed : throw new FormatException(error);

    /// <summary>Reads a connection string; on failure <paramref name="error"/> says what is wrong without showing any value.</summary>
    public static bool TryParse(
        string? text,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HubConnectionString? result,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        result = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            error = "The connection string is empty.";
            return false;
        }

        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                error = "The connection string holds a part without 'key=' before it.";
                return false;
            }

            string key = Canonical(part[..equals].Trim());
            if (key.Length == 0)
            {
                error = $"The connection string holds the unknown key '{part[..equals].Trim()}'.";
                return false;
            }

            if (equals == part.Length - 1)
            {
                error = $"The connection string's '{key}' is empty.";
                return false;
            }

            if (!values.TryAdd(key, part[(equals + 1)..]))
            {
                error = $"The connection string holds '{key}' twice.";
                return false;
            }
        }

        error = Validate(values);
        if (error is not null)
        {
            return false;
        }

        result = new HubConnectionString
        {
            HostName = values[nameof(HostName)],
            DeviceId = values.GetValueOrDefault(nameof(DeviceId)),
            ModuleId = values.GetValueOrDefault(nameof(ModuleId)),
            SharedAccessKey = values.GetValueOrDefault(nameof(SharedAccessKey)),
            SharedAccessKeyName = values.GetValueOrDefault(nameof(SharedAccessKeyName)),
            SharedAccessSignature = values.GetValueOrDefault(nameof(SharedAccessSignature)),
            GatewayHostName = values.GetValueOrDefault(nameof(GatewayHostName)),
            UseX509 = values.TryGetValue("x509", out string? x509) && bool.Parse(x509),
        };
        return true;
    }

    /// <summary>Where a device connects by MQTT: the gateway if there is one, else the hub; port 8883 unless the gateway names one.</summary>
    public HubEndpoint GetMqttEndpoint() => HubEndpoint.Parse(GatewayHostName ?? HostName, 8883);

    /// <summary>Where a service connects by HTTPS: the gateway if there is one, else the hub; port 443 unless the gateway names one.</summary>
    public HubEndpoint GetHttpsEndpoint() => HubEndpoint.Parse(GatewayHostName ?? HostName, 443);

    /// <summary>The text that <see cref="Parse"/> reads, secrets included.</summary>
    public string ToConnectionString() => Format(hideSecrets: false);

    /// <summary>The connection string with its secrets replaced, fit for a log.</summary>
    public override string ToString() => Format(hideSecrets: true);

    private string Format(bool hideSecrets)
    {
        var text = new StringBuilder();
        Append(nameof(HostName), HostName);
        Append(nameof(DeviceId), DeviceId);
        Append(nameof(ModuleId), ModuleId);
        Append(nameof(SharedAccessKeyName), SharedAccessKeyName);
        Append(nameof(SharedAccessKey), SharedAccessKey is not null && hideSecrets ? "***" : SharedAccessKey);
        Append(nameof(SharedAccessSignature), SharedAccessSignature is not null && hideSecrets ? "***" : SharedAccessSignature);
        Append(nameof(GatewayHostName), GatewayHostName);
        Append("x509", UseX509 ? "true" : null);
        return text.ToString();

        void Append(string key, string? value)
        {
            if (value is not null)
            {
                text.Append(text.Length == 0 ? "" : ";").Append(key).Append('=').Append(value);
            }
        }
    }

    private static string Canonical(string key) => key.ToUpperInvariant() switch
    {
        "HOSTNAME" => nameof(HostName),
        "DEVICEID" => nameof(DeviceId),
        "MODULEID" => nameof(ModuleId),
        "SHAREDACCESSKEY" => nameof(SharedAccessKey),
        "SHAREDACCESSKEYNAME" => nameof(SharedAccessKeyName),
        "SHAREDACCESSSIGNATURE" => nameof(SharedAccessSignature),
        "GATEWAYHOSTNAME" => nameof(GatewayHostName),
        "X509" or "X509CERT" => "x509",
        _ => "",
    };

    private static string? Validate(Dictionary<string, string> values)
    {
        bool Has(string key) => values.ContainsKey(key);
        if (!Has(nameof(HostName)))
        {
            return "The connection string has no 'HostName'.";
        }

        if (values.TryGetValue("x509", out string? x509) && !bool.TryParse(x509, out _))
        {
            return "The connection string's 'x509' is neither true nor false.";
        }

        if (Has(nameof(ModuleId)) && !Has(nameof(DeviceId)))
        {
            return "The connection string has a 'ModuleId' and no 'DeviceId'.";
        }

        if (!Has(nameof(DeviceId)) && !Has(nameof(SharedAccessKeyName)) && !Has(nameof(SharedAccessSignature)))
        {
            return "The connection string has neither a 'DeviceId' nor a 'SharedAccessKeyName'.";
        }

        bool certificate = x509 is not null && bool.Parse(x509);
        if (!certificate && !Has(nameof(SharedAccessKey)) && !Has(nameof(SharedAccessSignature)))
        {
            return "The connection string has no 'SharedAccessKey', 'SharedAccessSignature' or 'x509=true'.";
        }

        if (certificate && (Has(nameof(SharedAccessKey)) || Has(nameof(SharedAccessSignature))))
        {
            return "The connection string has 'x509=true' beside a 'SharedAccessKey' or 'SharedAccessSignature'.";
        }

        if (Has(nameof(SharedAccessKey)) && Has(nameof(SharedAccessSignature)))
        {
            return "The connection string has both 'SharedAccessKey' and 'SharedAccessSignature'.";
        }

        if (values.TryGetValue(nameof(SharedAccessKey), out string? key) && !SasToken.IsKey(key))
        {
            return "The connection string's 'SharedAccessKey' is not base64.";
        }

        foreach (string endpoint in (string[])[nameof(HostName), nameof(GatewayHostName)])
        {
            try
            {
                _ = HubEndpoint.Parse(values.GetValueOrDefault(endpoint) ?? "none", 1);
            }
            catch (FormatException)
            {
                return $"The connection string's '{endpoint}' is not a host with an optional port.";
            }
        }

        return null;
    }
}
