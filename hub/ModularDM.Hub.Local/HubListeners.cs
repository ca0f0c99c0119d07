using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using ModularDM.Hub.Local.Amqp;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Provisioning;
using ModularDM.Hub.Local.Rest;
using MQTTnet.AspNetCore;

namespace ModularDM.Hub.Local;

/// <summary>The ports of a hub: what listens where, below TLS the faults if they are allowed, above it who serves the links.</summary>
internal sealed class HubListeners(LocalHubOptions options, IPAddress bind, IPAddress dpsBind, HubFaults faults, Func<X509Certificate2> certificate)
{
    private ListenOptions? mqtt;
    private ListenOptions? https;
    private ListenOptions? amqp;
    private ListenOptions? dps;

    public int MqttPort => mqtt!.IPEndPoint!.Port;

    public int HttpsPort => https!.IPEndPoint!.Port;

    public int? AmqpPort => amqp?.IPEndPoint!.Port;

    public int? DpsPort => dps?.IPEndPoint!.Port;

    /// <summary>The names that the server certificate is for.</summary>
    public string[] HostNames { get; } = [options.HubName, "localhost", "127.0.0.1", "::1", bind.ToString(), dpsBind.ToString(), Dns.GetHostName()];

    public void Configure(IWebHostBuilder web, ProvisioningService? provisioning)
    {
        web.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RestApi.MaxBodyBytes;
            kestrel.Listen(bind, options.MqttPort, listen =>
                (mqtt = Secure(listen, options.AllowFaults, isDevice: true))
                    .Use(next => connection => ProtocolVersionGate.RunAsync(connection, TimeProvider.System, next)).UseMqtt());
            kestrel.Listen(bind, options.HttpsPort, listen => https = Secure(listen, options.AllowFaults, isDevice: false));
            if (options.AmqpPort is { } amqpPort)
            {
                kestrel.Listen(bind, amqpPort, listen => (amqp = Secure(listen, withFaults: false, isDevice: false)).UseConnectionHandler<AmqpConnectionHandler>());
            }

            if (provisioning is not null)
            {
                kestrel.Listen(dpsBind, options.DpsPort!.Value, listen => provisioning.Serve(dps = Secure(listen, withFaults: false, isDevice: true)));
            }
        });
        web.UseKestrelHttpsConfiguration();
    }

    private ListenOptions Secure(ListenOptions listen, bool withFaults, bool isDevice)
    {
        if (withFaults)
        {
            listen.Use(next => connection => faults.Links.ServeAsync(connection, next, isDevice));
        }

        listen.UseHttps(https =>
        {
            https.ServerCertificateSelector = (_, _) => certificate();
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            if (isDevice)
            {
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = static (certificate, chain, _) => ClientCertificate.Keep(certificate, chain);

                // A stranger's certificate names where to fetch its issuer and its revocations: the hub does not go there.
                https.OnAuthenticate = static (_, ssl) => ssl.CertificateChainPolicy = new X509ChainPolicy
                {
                    DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck,
                };
            }
        });
        return listen;
    }
}
