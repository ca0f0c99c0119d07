using System.Net;
using System.Net.Sockets;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Ntp;

/// <summary>Host names or addresses, separated by one space. Nothing else gets near a command line or a configuration file.</summary>
internal static class NtpServerList
{
    private const int MaxServers = 8;

    /// <exception cref="ConfiguratorException">It is no such list.</exception>
    public static void Check(string list)
    {
        string[] servers = list.Split(' ');
        if (servers.Length > MaxServers)
        {
            throw Invalid($"{servers.Length} NTP servers are more than the {MaxServers} allowed.");
        }

        foreach (string server in servers)
        {
            if (!IsHost(server))
            {
                throw Invalid($"'{Shorten(server)}' is neither a host name nor an address; several are separated by one space.");
            }
        }
    }

    private static bool IsHost(string host)
    {
        if (host.Length is 0 or > 253)
        {
            return false;
        }

        if (host.Contains(':', StringComparison.Ordinal))
        {
            return host.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.')
                && IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        string[] labels = host.Split('.');
        return labels.All(IsLabel) && (!labels[^1].All(char.IsAsciiDigit) || IsDottedQuad(labels));
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsDottedQuad(string[] labels) => labels.Length == 4 && labels.All(label => byte.TryParse(label, out _));

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";

    private static ConfiguratorException Invalid(string what) => ConfiguratorException.InvalidArgument(what, ErrorNumbers.InvalidValue);
}
