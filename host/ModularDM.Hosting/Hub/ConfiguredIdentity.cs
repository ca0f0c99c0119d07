using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>The identity of the connection string. String and certificate are read again, so that a new key or certificate needs no restart.</summary>
internal sealed partial class ConfiguredIdentity : IHubIdentitySource
{
    private readonly HubOptions _options;
    private readonly ILogger _logger;
    private readonly ClientCertificate? _certificate;
    private HubConnectionString _connection;
    private bool _refused;

    public ConfiguredIdentity(HubOptions options, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _connection = HubCredentials.TryRead(options, out HubConnectionString? connection, out string? error)
            ? connection
            : throw new OptionsValidationException(HubOptions.SectionName, typeof(HubOptions), [error]);
        _certificate = connection.UseX509 ? new ClientCertificate(options, clock, logger) : null;
    }

    public string Scope => _connection.HostName;

    public string Name => HubIdentity.ClientIdOf(_connection);

    public Task<HubIdentity> GetAsync(CancellationToken cancellationToken)
    {
        if (_refused)
        {
            ReadAgain();
        }

        return Task.FromResult(new HubIdentity(_connection, _certificate?.Read()));
    }

    public void Connected() => _refused = false;

    public void Failed(HubFailure failure) => _refused = failure == HubFailure.Unauthorized;

    public Task WatchAsync(CancellationToken cancellationToken) => _certificate?.WatchAsync(cancellationToken) ?? Task.CompletedTask;

    private void ReadAgain()
    {
        if (!HubCredentials.TryRead(_options, out HubConnectionString? fresh, out string? error))
        {
            KeyNotReadable(error);
        }
        else if (HubIdentity.ClientIdOf(fresh) == Name && fresh.HostName == Scope && fresh.UseX509 == _connection.UseX509)
        {
            _connection = fresh;
        }
        else
        {
            OtherIdentity(Name, Scope);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The connection string cannot be read again: {Reason}")]
    private partial void KeyNotReadable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The connection string now names another device, hub or way to prove it than {DeviceId} at {Hub}; that needs a restart.")]
    private partial void OtherIdentity(string deviceId, string hub);
}
