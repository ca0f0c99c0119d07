using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Configurator;

/// <summary>
/// Sends requests to root over one connection that is made at the first request and again after a loss. Each request is one span, counted and timed.
/// </summary>
internal sealed partial class ConfiguratorClient : IConfiguratorChannel, IAsyncDisposable
{
    private readonly ILogger<ConfiguratorClient> _logger;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _limit;
    private readonly ConfiguratorConnector _connector;

    public ConfiguratorClient(IOptions<ConfiguratorOptions> options, TimeProvider clock, ILogger<ConfiguratorClient> logger)
    {
        _logger = logger;
        _clock = clock;
        _limit = TimeSpan.FromSeconds(options.Value.RequestTimeoutSeconds);
        _connector = new ConfiguratorConnector(options.Value.Endpoint, clock, logger);
    }

    public ServerHello? Peer => _connector.Peer;

    public async Task<TResponse> SendAsync<TResponse>(
        string pluginId, long lease, ConfiguratorRequest<TResponse> request, CancellationToken cancellationToken)
        where TResponse : ConfiguratorResponse
    {
        cancellationToken.ThrowIfCancellationRequested();
        string operation = ConfiguratorOperations.NameOf(request);
        long started = _clock.GetTimestamp();
        using Activity? span = ConfiguratorSpans.Start(operation, pluginId);
        string outcome = "ok";
        try
        {
            ResponseFrame response = await ExchangeAsync(operation, pluginId, lease, request, started, span, cancellationToken);
            ConfiguratorSpans.AddOperation(span, operation, response);
            return response switch
            {
                { Error: { } error } => throw new ConfiguratorException(error),
                { Result: TResponse result } => result,
                { Result: null } => throw ConfiguratorException.BadFrame($"The answer to {operation} holds neither a result nor an error."),
                _ => throw ConfiguratorException.BadFrame($"The answer to {operation} is {response.Result.GetType().Name}, not {typeof(TResponse).Name}."),
            };
        }
        catch (ConfiguratorException e)
        {
            outcome = ConfiguratorSpans.OutcomeOf(e.Code);
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        finally
        {
            span?.SetTag(HostTelemetry.Tags.Outcome, outcome);
            var operationTag = new KeyValuePair<string, object?>(HostTelemetry.Tags.Operation, operation);
            HostTelemetry.ConfiguratorRequests.Add(1, operationTag, new KeyValuePair<string, object?>(HostTelemetry.Tags.Outcome, outcome));
            HostTelemetry.ConfiguratorDuration.Record(_clock.GetElapsedTime(started).TotalSeconds, operationTag);
        }
    }

    public void RevokeLease(long lease)
    {
        // Leases live and die with a connection on root's side: without one there is nothing to revoke.
        _connector.Current?.Post(new RevokeLeaseFrame { Lease = lease });
        LeaseRevoked(lease);
    }

    public ValueTask DisposeAsync()
    {
        _connector.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ResponseFrame> ExchangeAsync(
        string operation, string pluginId, long lease, ConfiguratorRequest request, long started, Activity? span, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_limit, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            ConfiguratorConnection connection = await _connector.ConnectAsync(either.Token);
            var frame = new RequestFrame
            {
                Id = connection.NextId(),
                Plugin = pluginId,
                Lease = lease,
                DeadlineMs = Math.Max(1, (int)(_limit - _clock.GetElapsedTime(started)).TotalMilliseconds),
                Traceparent = (span ?? Activity.Current)?.Id,
                Request = request,
            };
            return await connection.ExchangeAsync(operation, frame, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            RequestTimedOut(e, operation, pluginId);
            throw ConfiguratorException.Timeout(operation, _limit);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The configurator did not finish {Operation} for {PluginId} in time; it was told to stop.")]
    private partial void RequestTimedOut(Exception exception, string operation, string pluginId);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Lease {Lease} is revoked.")]
    private partial void LeaseRevoked(long lease);
}
