using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Faults;

/// <summary>What the hub's faults make of requests to the REST API.</summary>
internal sealed class RestFaults(HubFaults faults, TimeProvider time) : IRequestGuard
{
    public Func<HttpContext, Task> Guard(string verb, string pattern, Func<HttpContext, Task> handler)
    {
        // Or nobody could take the fault away again.
        if (pattern.StartsWith(FaultEndpoints.Path, StringComparison.Ordinal))
        {
            return handler;
        }

        FaultOperation operation = Classify(pattern);
        return context => faults.Any ? RunAsync(context, operation, handler) : handler(context);
    }

    private static FaultOperation Classify(string pattern) => pattern switch
    {
        "/devices/query" => FaultOperation.RestQuery,
        _ when pattern.StartsWith("/twins/", StringComparison.Ordinal) =>
            pattern.EndsWith("/methods", StringComparison.Ordinal) ? FaultOperation.RestMethod : FaultOperation.RestTwin,
        _ when pattern.StartsWith("/devices", StringComparison.Ordinal) || pattern.StartsWith("/statistics/", StringComparison.Ordinal) => FaultOperation.RestRegistry,
        _ => FaultOperation.RestOther,
    };

    private async Task RunAsync(HttpContext context, FaultOperation operation, Func<HttpContext, Task> handler)
    {
        string? deviceId = context.Request.RouteValues["id"] as string;
        deviceId = context.Request.RouteValues["module"] is string module ? $"{deviceId}/{module}" : deviceId;
        switch (faults.At(operation, deviceId))
        {
            case { Kind: FaultKind.Throttle }:
                throw new HubRefusalException(HubErrorCodes.ThrottlingException, "The hub is busy.");
            case { Kind: FaultKind.Refuse }:
                throw HubRefusalException.Unauthorized("The hub refuses the token.");
            case { Kind: FaultKind.Delay } fault:
                await Task.Delay(fault.Delay, time, context.RequestAborted);
                break;
        }

        if (!faults.LosesAnswer(operation, deviceId))
        {
            await handler(context);
            return;
        }

        // What the operation says goes nowhere, a refusal too; then the connection is cut.
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        try
        {
            await handler(context);
        }
        finally
        {
            context.Abort();
        }
    }
}
