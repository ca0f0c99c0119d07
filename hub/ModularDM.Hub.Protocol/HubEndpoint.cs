using System.Globalization;

namespace ModularDM.Hub.Protocol;

/// <summary>A host and a port to connect to.</summary>
/// <param name="Host">A name or an address; an IPv6 address stands without brackets.</param>
/// <param name="Port">A TCP port.</param>
public sealed record HubEndpoint(string Host, int Port)
{
    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[v6]</c> or <c>[v6]:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="defaultPort">The port when the text has none.</param>
    /// <exception cref="FormatException">The text is none of these.</exception>
    public static HubEndpoint Parse(string text, int defaultPort)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        string host = text;
        string? port = null;
        if (text[0] == '[')
        {
            int end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
            {
                throw new FormatException($"'{text}' is not a host with an optional port.");
            }

            host = text[1..end];
            port = end + 1 < text.Length ? text[(end + 2)..] : null;
        }
        else if (text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 && colon == text.LastIndexOf(':'))
        {
            host = text[..colon];
            port = text[(colon + 1)..];
        }

        if (port is null)
        {
            return host.Length > 0 ? new HubEndpoint(host, defaultPort) : throw new FormatException($"'{text}' is not a host with an optional port.");
        }

        return host.Length > 0 && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0
            ? new HubEndpoint(host, number)
            : throw new FormatException($"'{text}' is not a host with an optional port.");
    }

    /// <summary>The form that <see cref="Parse"/> reads, always with the port.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
