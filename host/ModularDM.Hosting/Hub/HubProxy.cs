using System.Diagnostics.CodeAnalysis;

namespace ModularDM.Hosting.Hub;

/// <summary>The HTTP proxy between a device and the WebSocket of its hub.</summary>
internal static class HubProxy
{
    private const string SystemdCredential = "hub-proxy-credentials";

    /// <summary>What is wrong with the settings, each with the key to type.</summary>
    public static IEnumerable<string> FindMistakes(HubOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Proxy))
        {
            if (!string.IsNullOrWhiteSpace(options.ProxyCredentialsFile))
            {
                yield return "Hub:ProxyCredentialsFile is set and Hub:Proxy is not; name the proxy, as http://proxy.example.com:3128.";
            }

            yield break;
        }

        if (!Uri.TryCreate(options.Proxy, UriKind.Absolute, out Uri? proxy) || proxy.Scheme is not ("http" or "https") || proxy.Host.Length == 0)
        {
            yield return "Hub:Proxy must be an address as http://proxy.example.com:3128.";
        }
        else if (proxy.UserInfo.Length > 0)
        {
            yield return "Hub:Proxy must not hold a user or password; put them as user:password into the file of Hub:ProxyCredentialsFile.";
        }

        if (options.Transport == HubTransport.Mqtt)
        {
            yield return "Hub:Proxy needs Hub:Transport Auto or WebSocket; it is Mqtt, which no HTTP proxy carries.";
        }

        if (!TryReadCredentials(options, out _, out string? error))
        {
            yield return error;
        }
    }

    /// <summary>Reads <c>user:password</c>; none when there is no file.</summary>
    public static bool TryReadCredentials(HubOptions options, out (string User, string Password)? credentials, [NotNullWhen(false)] out string? error)
    {
        credentials = null;
        error = null;
        if (CredentialFile.Find("Hub:ProxyCredentialsFile", options.ProxyCredentialsFile, SystemdCredential) is not { } file)
        {
            return true;
        }

        if (!file.TryReadText(out string? text, out error))
        {
            return false;
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == text.Length - 1)
        {
            error = $"{file} must hold user:password.";
            return false;
        }

        credentials = (text[..colon], text[(colon + 1)..]);
        return true;
    }
}
