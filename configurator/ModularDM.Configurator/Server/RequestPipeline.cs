using System.Collections.Concurrent;
using ModularDM.Configurator.Audit;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Server;

/// <summary>Every request's way: authorize, wait for the area, audit, act, audit.</summary>
internal sealed class RequestPipeline(OperationRegistry registry, Confirmations confirmations, AuditTrail audit, ServerLog log, TimeProvider clock)
{
    private const int DenialsLoggedPerSecond = 10;

    // A caller that is denied again and again must not be able to fill the journal.
    private readonly TokenBucket _denials = new(DenialsLoggedPerSecond, clock);
    private readonly SemaphoreSlim[] _areas = [.. Enum.GetValues<OperationArea>().Select(_ => new SemaphoreSlim(1, 1))];
    private readonly ConcurrentDictionary<string, long> _reads = new(StringComparer.Ordinal);

    /// <summary>How often each reading operation was asked for.</summary>
    public IReadOnlyDictionary<string, long> Reads => _reads;

    /// <exception cref="ConfiguratorException">It was not done, and why.</exception>
    public ConfiguratorResponse Run(InFlightRequest request, Authorizer authorizer, CallerIdentity caller)
    {
        Operation operation = registry.Find(request.Frame.Request);
        OperationContext context = request.Context;
        string? traceId = operation.IsReadOnly ? null : RequestCheck.TraceIdOf(request.Frame);
        GrantedThing? granted;
        try
        {
            granted = context.Step("authorize", () => authorizer.Authorize(request.Frame.Plugin, request.OperationName, request.Frame.Request));
            confirmations.Allow(request.OperationName, operation);
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.Denied)
        {
            RecordDenial(request, operation, caller, traceId, e);
            throw;
        }

        if (!registry.IsSupported(operation))
        {
            throw ConfiguratorException.NotSupported(
                $"'{request.OperationName}' is not supported on {registry.Platform}{(operation.Lacking is { } lacking ? $": {lacking}" : string.Empty)}.");
        }

        var call = new OperationCall(context, request.Frame.Plugin, granted);
        if (operation.IsReadOnly)
        {
            _reads.AddOrUpdate(request.OperationName, 1, static (_, count) => count + 1);
            return operation.Run(request.Frame.Request, call);
        }

        Confirm(request, operation, call, caller, traceId);
        SemaphoreSlim area = _areas[(int)operation.Area];
        Enter(area, request);
        try
        {
            return RunAudited(request, operation, call, caller, traceId);
        }
        finally
        {
            area.Release();
        }
    }

    private void Confirm(InFlightRequest request, Operation operation, OperationCall call, CallerIdentity caller, string? traceId)
    {
        try
        {
            confirmations.Check(request.Frame, request.OperationName, operation, caller);
        }
        catch (ConfiguratorException e)
        {
            // Somebody asked for what the policy holds back: that is worth a line, and without the line it is not offered.
            string arguments = operation.DescribeArguments(request.Frame.Request with { Confirm = null }, call);
            audit.Held(caller, request.Frame.Plugin, request.OperationName, arguments, e.Error.Confirmation is null ? e.Message : "confirmation needed", traceId);
            throw;
        }
    }

    private static void Enter(SemaphoreSlim area, InFlightRequest request)
    {
        OperationContext context = request.Context;
        if (area.Wait(0))
        {
            return;
        }

        context.Step("wait for area", () =>
        {
            try
            {
                if (!area.Wait(context.Remaining, context.CancellationToken))
                {
                    throw ConfiguratorException.Timeout(request.OperationName, request.Limit);
                }
            }
            catch (OperationCanceledException)
            {
                throw ConfiguratorException.Revoked(request.OperationName);
            }
        });
    }

    private ConfiguratorResponse RunAudited(
        InFlightRequest request, Operation operation, OperationCall call, CallerIdentity caller, string? traceId)
    {
        AuditRecord record = call.Context.Step("audit", () => audit.Begin(
            caller, request.Frame.Plugin, request.OperationName, operation.DescribeArguments(request.Frame.Request with { Confirm = null }, call), traceId));
        string outcome = "failed: an unforeseen error";
        try
        {
            ConfiguratorResponse response = operation.Run(request.Frame.Request, call);
            outcome = "done";
            return response;
        }
        catch (ConfiguratorException e)
        {
            outcome = $"{e.Code}: {e.Message}";
            throw;
        }
        finally
        {
            Complete(record, outcome);
        }
    }

    // What was done cannot be undone because its outcome could not be written down; the log says so instead.
    private void Complete(AuditRecord record, string outcome)
    {
        try
        {
            audit.End(record, outcome);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Error("AuditFailed", $"{record.Operation} for {record.Plugin} ended ({outcome}), but the audit record could not be written: {e.Message}");
        }
    }

    private void RecordDenial(InFlightRequest request, Operation operation, CallerIdentity caller, string? traceId, ConfiguratorException denial)
    {
        if (_denials.TryTake())
        {
            log.Warning("Denied", denial.Message);
        }

        if (operation.IsReadOnly)
        {
            return;
        }

        try
        {
            audit.Denied(caller, request.Frame.Plugin, request.OperationName, denial.Message, traceId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Error("AuditFailed", $"A denial could not be audited: {e.Message}");
        }
    }
}
