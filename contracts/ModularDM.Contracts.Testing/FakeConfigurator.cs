using System.Text.Json;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Testing;

/// <summary>
/// Root, as the test scripts it. Requests and answers pass through the JSON of the wire, so that what could not cross the socket does not cross here either.
/// </summary>
/// <example><code>
/// context.Configurator.When((ReadDeviceAttribute r) =&gt; new AttributeValue("42000"));
/// </code></example>
public sealed class FakeConfigurator : IConfigurator
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Type, Func<ConfiguratorRequest, ConfiguratorResponse>> _handlers = [];
    private readonly List<ConfiguratorRequest> _requests = [];
    private PluginManifest? _manifest;

    /// <summary>All requests so far, oldest first, those that failed included.</summary>
    public IReadOnlyList<ConfiguratorRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The requests so far that change something.</summary>
    public IReadOnlyList<ConfiguratorRequest> Changes => [.. Requests.Where(request => request is not IReadOnlyRequest)];

    /// <summary>Answers requests of one type; a later handler of the same type replaces it. It may throw a <see cref="ConfiguratorException"/>.</summary>
    public void When<TRequest, TResponse>(Func<TRequest, TResponse> handler)
        where TRequest : ConfiguratorRequest<TResponse>
        where TResponse : ConfiguratorResponse
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_lock)
        {
            _handlers[typeof(TRequest)] = request => handler((TRequest)request);
        }
    }

    /// <summary>Lets requests of one type fail.</summary>
    public void Fail<TRequest>(ConfiguratorErrorCode code, string message, int? errCode = null)
        where TRequest : ConfiguratorRequest
    {
        lock (_lock)
        {
            _handlers[typeof(TRequest)] = _ => throw new ConfiguratorException(new ConfiguratorError(code, message, ErrCode: errCode));
        }
    }

    /// <summary>Refuses whatever the manifest does not ask for, as the policy of a real device would.</summary>
    public void GrantOnly(PluginManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        lock (_lock)
        {
            _manifest = manifest;
        }
    }

    /// <inheritdoc/>
    public Task<TResponse> SendAsync<TResponse>(ConfiguratorRequest<TResponse> request, CancellationToken cancellationToken)
        where TResponse : ConfiguratorResponse
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult((TResponse)Answer(request));
        }
        catch (ConfiguratorException e)
        {
            return Task.FromException<TResponse>(e);
        }
    }

    private ConfiguratorResponse Answer(ConfiguratorRequest request)
    {
        ConfiguratorRequest arrived = JsonSerializer.Deserialize(
            JsonSerializer.SerializeToUtf8Bytes(request, ConfiguratorJson.Default.ConfiguratorRequest), ConfiguratorJson.Default.ConfiguratorRequest)!;
        Func<ConfiguratorRequest, ConfiguratorResponse>? handler;
        lock (_lock)
        {
            _requests.Add(arrived);
            handler = _handlers.GetValueOrDefault(arrived.GetType());
        }

        string operation = ConfiguratorOperations.NameOf(arrived);
        RefuseUnrequested(arrived, operation);
        if (handler is null)
        {
            throw ConfiguratorException.NotSupported($"'{operation}' is not scripted in this test; add FakeConfigurator.When(({arrived.GetType().Name} request) => ...).");
        }

        ConfiguratorResponse response = handler(arrived);
        return JsonSerializer.Deserialize(
            JsonSerializer.SerializeToUtf8Bytes(response, ConfiguratorJson.Default.ConfiguratorResponse), ConfiguratorJson.Default.ConfiguratorResponse)!;
    }

    private void RefuseUnrequested(ConfiguratorRequest request, string operation)
    {
        if (_manifest is not { } manifest)
        {
            return;
        }

        if (!manifest.Requests.Configurator.Contains(operation))
        {
            throw ConfiguratorException.Denied($"'{operation}' is not in requests.configurator of {manifest.Id}'s {PluginManifest.FileName}.");
        }

        string? attribute = request switch
        {
            ReadDeviceAttribute read => read.Name,
            WriteDeviceAttribute write => write.Name,
            _ => null,
        };
        if (attribute is not null && !manifest.Requests.Attributes.Contains(attribute))
        {
            throw ConfiguratorException.Denied($"'{attribute}' is not in requests.attributes of {manifest.Id}'s {PluginManifest.FileName}.");
        }
    }
}
