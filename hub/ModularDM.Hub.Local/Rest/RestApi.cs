using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>The service side's frame: who may call, in which version, and how a refusal is told.</summary>
internal sealed partial class RestApi(HubTokens tokens, IReadOnlyList<IRequestGuard> guards, TimeProvider time, ILogger<RestApi> logger)
{
    /// <summary>The largest request body: a bulk request or a method's payload in its envelope.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    private static readonly string JsonType = "application/json; charset=utf-8";

    /// <summary>Adds one operation.</summary>
    /// <param name="routes">The application.</param>
    /// <param name="verb">The HTTP method.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="needed">What the caller's policy must hold.</param>
    /// <param name="handler">The operation; it throws <see cref="HubRefusalException"/> to refuse.</param>
    /// <param name="methodsStyle">Whether refusals are told as the methods endpoint does.</param>
    /// <param name="authorize">Another check than that of a policy's token; gives the caller's name.</param>
    public void Map(
        IEndpointRouteBuilder routes,
        string verb,
        string pattern,
        HubPermissions needed,
        Func<HttpContext, Task> handler,
        bool methodsStyle = false,
        Func<HttpContext, string>? authorize = null)
    {
        Func<HttpContext, Task> guarded = guards.Aggregate(handler, (inner, guard) => guard.Guard(verb, pattern, inner));
        bool versioned = !pattern.StartsWith("/modulardm/", StringComparison.Ordinal);
        routes.MapMethods(pattern, [verb], (RequestDelegate)(async context =>
        {
            try
            {
                string policy = authorize?.Invoke(context) ?? tokens.RequireService(context.Request.Headers.Authorization, context.Request.Path.Value ?? "/", needed);
                if (versioned && !IsVersion(context.Request.Query["api-version"]))
                {
                    throw new HubRefusalException(HubErrorCodes.InvalidProtocolVersion, "The query needs 'api-version', such as 2021-04-12.");
                }

                HubCaller.Current = HubCaller.From(policy, context.Request.Headers[HubCaller.ActorHeader]);
                await guarded(context);
            }
            catch (HubRefusalException e)
            {
                await RefuseAsync(context, e, methodsStyle);
            }
            catch (BadHttpRequestException e)
            {
                int code = e.StatusCode == StatusCodes.Status413PayloadTooLarge ? HubErrorCodes.MessageTooLarge : HubErrorCodes.ArgumentInvalid;
                await RefuseAsync(context, new HubRefusalException(code, "The request body is too large or was cut short."), methodsStyle);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // The caller has gone; there is nobody to answer.
            }
            catch (Exception e)
            {
                RequestFailed(verb, pattern, e);
                await RefuseAsync(context, new HubRefusalException(HubErrorCodes.ServerError, "An internal error occurred."), methodsStyle);
            }
        }));
    }

    /// <summary>Answers requests that are no operation.</summary>
    public Task RefuseUnknownAsync(HttpContext context) =>
        RefuseAsync(context, new HubRefusalException(HubErrorCodes.InvalidOperation, "There is no such operation."), methodsStyle: false, StatusCodes.Status404NotFound);

    /// <summary>Reads the whole body.</summary>
    /// <exception cref="HubRefusalException">It is empty.</exception>
    public static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        PipeReader body = context.Request.BodyReader;
        while (true)
        {
            ReadResult read = await body.ReadAsync(context.RequestAborted);
            if (read.IsCompleted)
            {
                byte[] bytes = read.Buffer.ToArray();
                body.AdvanceTo(read.Buffer.End);
                return bytes.Length > 0 ? bytes : throw new HubRefusalException(HubErrorCodes.ArgumentNull, "The request has no body.");
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Answers with JSON.</summary>
    public static async Task WriteJsonAsync<TState>(HttpContext context, TState state, Action<TState, Utf8JsonWriter> write, string? etag = null)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, HubJson.Write))
        {
            write(state, json);
        }

        HttpResponse response = context.Response;
        response.ContentType = JsonType;
        response.ContentLength = buffer.WrittenCount;
        if (etag is not null)
        {
            response.Headers.ETag = $"\"{etag}\"";
        }

        await response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>If-Match, or <see langword="null"/> when the request has none.</summary>
    public static string? IfMatch(HttpContext context) => context.Request.Headers.IfMatch is { Count: > 0 } values ? values.ToString() : null;

    private async Task RefuseAsync(HttpContext context, HubRefusalException refusal, bool methodsStyle, int? status = null)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        HubErrorBody error = refusal.ToBody(time.GetUtcNow());
        byte[] body = methodsStyle ? error.ToMethodsJson() : error.ToRegistryJson();
        HttpResponse response = context.Response;
        response.Clear();
        response.StatusCode = status ?? HubErrorCodes.StatusOf(refusal.Code);
        response.Headers["iothub-errorcode"] = error.Name;
        if (refusal.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        response.ContentType = JsonType;
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static bool IsVersion(string? text) => text is not null && Version().IsMatch(text);

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}(-preview)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Version();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Verb} {Pattern} failed")]
    private partial void RequestFailed(string verb, string pattern, Exception cause);
}
