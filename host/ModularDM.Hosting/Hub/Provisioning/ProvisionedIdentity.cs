using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Runtime;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>
/// The identity that the provisioning service gives. What it said is kept and used until the hub refuses the device, or cannot be reached ten times in a row; then it
/// is asked again. While it cannot be asked, the old assignment and the service are tried by turns, at the pace of reconnecting.
/// </summary>
internal sealed partial class ProvisionedIdentity : IHubIdentitySource
{
    private const int MaxFailures = 10;

    private readonly ProvisioningOptions _options;
    private readonly HubOptions _hub;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ClientCertificate? _certificate;
    private readonly ProvisioningClient _client;
    private readonly AssignmentFile _file;
    private Assignment? _assignment;
    private int _failures;

    public ProvisionedIdentity(ProvisioningOptions options, HubOptions hub, RuntimeOptions runtime, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _hub = hub;
        _clock = clock;
        _logger = logger;
        Name = TryFindRegistrationId(options, hub, out string? id, out string? error) ? id : throw new OptionsValidationException(ProvisioningOptions.SectionName, typeof(ProvisioningOptions), [error]);
        _certificate = ClientCertificateFile.IsGiven(hub) ? new ClientCertificate(hub, clock, logger) : null;
        _client = new ProvisioningClient(options, hub, clock, logger);
        _file = new AssignmentFile(runtime.DataFolder, options, Name, logger);
        _assignment = _file.Load();
    }

    public string Scope => $"{_options.Endpoint}/{_options.IdScope}";

    public string Name { get; }

    /// <summary>The registration id: given, or the common name of the certificate.</summary>
    public static bool TryFindRegistrationId(
        ProvisioningOptions options,
        HubOptions hub,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? id,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        id = options.RegistrationId;
        error = null;
        if (!string.IsNullOrWhiteSpace(id))
        {
            return true;
        }

        if (ClientCertificateFile.IsGiven(hub))
        {
            if (!ClientCertificateFile.TryRead(hub, out X509Certificate2? certificate, out error))
            {
                return false;
            }

            using (certificate)
            {
                id = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            }
        }

        error = string.IsNullOrWhiteSpace(id) ? "Hub:Provisioning:RegistrationId is required." : null;
        return error is null;
    }

    public async Task<HubIdentity> GetAsync(CancellationToken cancellationToken)
    {
        if (!ProvisioningKey.TryRead(_options, _hub, Name, out string? key, out string? error))
        {
            throw new HubException(HubFailure.Refused, $"Provisioning: {error}");
        }

        X509Certificate2? certificate = _certificate?.Read();
        if (_assignment is null || _failures >= MaxFailures)
        {
            // Whatever comes of it, the old assignment has its turn next.
            _failures = 0;
            (string hub, string device) = await _client.RegisterAsync(Name, key, certificate, cancellationToken);
            Remember(hub, device);
        }

        // The local hub's port is not the usual one; tokens are signed for the name alone.
        HubEndpoint endpoint = HubEndpoint.Parse(_assignment!.AssignedHub, 0);
        var connection = new HubConnectionString
        {
            HostName = endpoint.Host,
            DeviceId = _assignment.DeviceId,
            SharedAccessKey = key,
            UseX509 = key is null,
            GatewayHostName = endpoint.Port == 0 ? null : _assignment.AssignedHub,
        };
        return new HubIdentity(connection, certificate);
    }

    public void Connected() => _failures = 0;

    public void Failed(HubFailure failure) => _failures = failure == HubFailure.Unauthorized ? MaxFailures : _failures + 1;

    public Task WatchAsync(CancellationToken cancellationToken) => _certificate?.WatchAsync(cancellationToken) ?? Task.CompletedTask;

    private void Remember(string hub, string device)
    {
        if (Uri.CheckHostName(HostOf(hub)) == UriHostNameType.Unknown)
        {
            throw new HubException(HubFailure.BadAnswer, "Provisioning: the service assigned something that is no host name.");
        }

        _assignment = new Assignment
        {
            Endpoint = _options.Endpoint, IdScope = _options.IdScope!, RegistrationId = Name, AssignedHub = hub, DeviceId = device, Time = _clock.GetUtcNow(),
        };
        _file.Save(_assignment);
        Assigned(Name, hub, device);
    }

    private static string HostOf(string hub)
    {
        try
        {
            return HubEndpoint.Parse(hub, 1).Host;
        }
        catch (FormatException)
        {
            return "";
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The provisioning service assigned {RegistrationId} to {Hub} as {DeviceId}.")]
    private partial void Assigned(string registrationId, string hub, string deviceId);
}
