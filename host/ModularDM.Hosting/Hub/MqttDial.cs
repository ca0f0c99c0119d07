using System.Security.Cryptography.X509Certificates;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;

namespace ModularDM.Hosting.Hub;

/// <summary>Whom to connect to, how, and as whom; for the hub and the provisioning service alike.</summary>
/// <param name="Endpoint">Host and port.</param>
/// <param name="Transport">MQTT or WebSocket.</param>
/// <param name="ClientId">CONNECT's client id.</param>
/// <param name="UserName">CONNECT's user name.</param>
/// <param name="Password">A token; absent when a certificate stands in for it.</param>
/// <param name="Certificate">The device's certificate with its key, if it has one.</param>
internal sealed record MqttDial(HubEndpoint Endpoint, HubTransport Transport, string ClientId, string UserName, string? Password, X509Certificate2? Certificate)
{
    /// <summary>What this client calls itself.</summary>
    public static string Product { get; } = $"ModularDM/{typeof(MqttDial).Assembly.GetName().Version!.ToString(3)} ({Environment.OSVersion.Platform})";

    /// <summary>Whether the other side forgets subscriptions and messages that wait.</summary>
    public bool CleanSession { get; init; }

    /// <summary>What the other side is, in messages.</summary>
    public string Peer { get; init; } = "the hub";

    /// <summary>The library's options.</summary>
    /// <exception cref="HubException">The proxy's credentials cannot be read.</exception>
    public MqttClientOptions ToClientOptions(HubOptions options, TimeSpan limit)
    {
        X509Certificate2Collection? authorities = null;
        if (!string.IsNullOrWhiteSpace(options.CaFile))
        {
            authorities = [];
            authorities.ImportFromPemFile(options.CaFile);
        }

        MqttClientOptionsBuilder builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithClientId(ClientId)
            .WithCredentials(UserName, Password)
            .WithCleanSession(CleanSession)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(options.KeepAliveSeconds))
            .WithTimeout(limit);
        _ = Transport == HubTransport.WebSocket
            ? builder.WithWebSocketServer(socket => UseProxy(socket.WithUri($"wss://{Endpoint}/$iothub/websocket").WithSubProtocols(["mqtt"]), options))
            : builder.WithTcpServer(Endpoint.Host, Endpoint.Port);
        return builder
            .WithTlsOptions(tls =>
            {
                tls.UseTls()
                    .WithTargetHost(Endpoint.Host)
                    .WithCertificateValidationHandler(seen => HubTrust.Accepts(seen.Certificate, seen.Chain, seen.SslPolicyErrors, authorities));
                if (Certificate is not null)
                {
                    tls.WithClientCertificates([Certificate]);
                }
            })
            .Build();
    }

    /// <summary>Host, port and transport; never what is secret.</summary>
    public override string ToString() => Transport == HubTransport.WebSocket ? $"{Endpoint} (WebSocket)" : Endpoint.ToString();

    private static void UseProxy(MqttClientWebSocketOptionsBuilder socket, HubOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Proxy))
        {
            // The library then takes the proxy of the environment (https_proxy, no_proxy), as any program does.
            return;
        }

        if (!HubProxy.TryReadCredentials(options, out (string User, string Password)? credentials, out string? error))
        {
            throw new HubException(HubFailure.Refused, $"Connect: {error}");
        }

        socket.WithProxyOptions(proxy =>
        {
            proxy.WithAddress(options.Proxy);
            if (credentials is { } known)
            {
                proxy.WithUsername(known.User).WithPassword(known.Password);
            }
        });
    }
}
