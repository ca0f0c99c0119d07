using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Methods;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Methods;

/// <summary>Finds the owner of a direct method, calls it, and answers: 404 unknown, 400 bad payload, 409 busy or to be confirmed, 500 fault, 504 out of time.</summary>
internal sealed partial class MethodRouter(MethodTable methods, LongWork longWork, TimeProvider clock, ILogger<MethodRouter> logger)
{
    private static readonly JsonElement s_null = JsonDocument.Parse("null").RootElement.Clone();

    /// <summary>Answers one call; throws only when <paramref name="cancellationToken"/> fires.</summary>
    public async Task<HubMethodResponse> InvokeAsync(HubMethodRequest request, CancellationToken cancellationToken)
    {
        using Activity? span = HostTelemetry.Source.StartActivity($"{HostTelemetry.Spans.MethodInvoke} {request.Name}", ActivityKind.Server);
        DateTimeOffset received = clock.GetLocalNow();
        HubMethodResponse response;
        try
        {
            response = methods.Find(request.Name) is { } owner
                ? await InvokeAsync(owner, request, received, span, cancellationToken)
                : Refuse(404, received, $"no plugin answers '{request.Name}'; known methods: {string.Join(", ", methods.Names)}");
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A boundary: logged in full here, bland outside.
            RouterFailed(e, request.Name);
            response = Refuse(500, received, "the runtime failed; see the device log");
        }

        span?.SetTag(HostTelemetry.Tags.Method, request.Name).SetTag(HostTelemetry.Tags.Status, response.Status);
        if (response.Status >= 400)
        {
            span?.SetStatus(ActivityStatusCode.Error);
        }

        HostTelemetry.Methods.Add(
            1,
            new KeyValuePair<string, object?>(HostTelemetry.Tags.Method, response.Status == 404 ? "unknown" : request.Name),
            new KeyValuePair<string, object?>(HostTelemetry.Tags.Status, response.Status));
        return response;
    }

    private async Task<HubMethodResponse> InvokeAsync(
        IMethodOwner owner, HubMethodRequest request, DateTimeOffset received, Activity? span, CancellationToken cancellationToken)
    {
        span?.SetTag(HostTelemetry.Tags.PluginId, owner.PluginId);
        JsonDocument? payload;
        try
        {
            payload = request.Payload.Span.Trim(" \t\r\n"u8).IsEmpty ? null : JsonDocument.Parse(request.Payload);
        }
        catch (JsonException e)
        {
            return Refuse(400, received, $"the payload is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", ErrorCodes.InvalidParams);
        }

        using (payload)
        {
            MethodResult result = await owner.InvokeAsync(new MethodCall(request.Name, payload?.RootElement ?? s_null), cancellationToken);
            return Answer(owner, result, received);
        }
    }

    private HubMethodResponse Answer(IMethodOwner owner, MethodResult result, DateTimeOffset received)
    {
        string? traceId = Activity.Current?.TraceId.ToString();
        if (result.Work is { } work)
        {
            return longWork.TryStart(owner, work, received)
                ? MethodAnswer.Pending(received, traceId)
                : Refuse(409, received, $"'{owner.Name}' is still at work on an earlier call; see its reported section, or try again later");
        }

        if (result.Errors.Count > 0)
        {
            MethodFailed(owner.Name, result.Status, string.Join("; ", result.Errors));
            return MethodAnswer.Failed(result.Status, received, traceId, result.Errors);
        }

        return result.Payload.Length <= MethodAnswer.MaxBytes
            ? new HubMethodResponse(result.Status, result.Payload)
            : Refuse(500, received, $"the answer of '{owner.Name}' is {result.Payload.Length} bytes; the hub takes {MethodAnswer.MaxBytes}");
    }

    private static HubMethodResponse Refuse(int status, DateTimeOffset received, string what, int code = ErrorCodes.Generic) =>
        MethodAnswer.Failed(status, received, Activity.Current?.TraceId.ToString(), new SectionError("", what, code));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Method {Method} answered {Status}: {Errors}")]
    private partial void MethodFailed(string method, int status, string errors);

    [LoggerMessage(Level = LogLevel.Error, Message = "The call of method {Method} failed in the runtime")]
    private partial void RouterFailed(Exception exception, string method);
}
