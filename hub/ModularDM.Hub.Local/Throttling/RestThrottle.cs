using Microsoft.AspNetCore.Http;
using ModularDM.Hub.Local.Rest;

namespace ModularDM.Hub.Local.Throttling;

/// <summary>Throttles requests to the REST API.</summary>
internal sealed class RestThrottle(HubThrottles throttles) : IRequestGuard
{
    private const int Step = 4096;

    public Func<HttpContext, Task> Guard(string verb, string pattern, Func<HttpContext, Task> handler)
    {
        if (BucketOf(verb, pattern) is not { } bucket)
        {
            return handler;
        }

        string who = $"{verb} {pattern}";
        bool metered = bucket == throttles.MethodKilobytes;
        return async context =>
        {
            await throttles.TakeAsync(bucket, who, metered ? Kilobytes(context) : 1, context.RequestAborted);
            await handler(context);
        };
    }

    private static double Kilobytes(HttpContext context) => Math.Max(1, Math.Ceiling((context.Request.ContentLength ?? 0) / (double)Step)) * (Step / 1024);

    private TokenBucket? BucketOf(string verb, string pattern)
    {
        return pattern switch
        {
            "/devices/query" => throttles.Queries,
            _ when Under("/twins/") => Ends("/methods") ? throttles.MethodKilobytes : verb == "GET" ? throttles.TwinReads : throttles.TwinUpdates,
            _ when Under("/jobs") => throttles.Jobs,
            _ when Under("/configurations") || Ends("/applyConfigurationContent") => throttles.Configurations,
            _ when Ends("/commands") => throttles.CloudToDevice,
            _ when Under("/devices") || Under("/statistics/") => throttles.Registry,
            _ => null,
        };

        bool Under(string folder) => pattern.StartsWith(folder, StringComparison.Ordinal);

        bool Ends(string name) => pattern.EndsWith(name, StringComparison.Ordinal);
    }
}
