using System.Net;
using System.Net.Http.Headers;

namespace ModularDM.Hub.Local.Routing;

/// <summary>Posts records to a web address, one after the other.</summary>
internal sealed class HttpEndpoint(RouteHttp settings, TimeProvider time) : IRouteEndpoint
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<string?> TryDeliverAsync(byte[] record, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            (bool again, string? reason) = await PostAsync(record, cancellationToken);
            if (reason is null || !again || attempt >= settings.Attempts)
            {
                return reason;
            }

            TimeSpan pause = TimeSpan.FromSeconds(Math.Pow(2, attempt - 1));
            await Task.Delay(pause < MaxPause ? pause : MaxPause, time, cancellationToken);
        }
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(bool Again, string? Reason)> PostAsync(byte[] record, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(settings.TimeoutSeconds));
        try
        {
            using var content = new ByteArrayContent(record) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using HttpResponseMessage answer = await http.PostAsync(settings.Url, content, limit.Token);
            return answer.IsSuccessStatusCode
                ? (false, null)
                : (answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError, $"The answer was {(int)answer.StatusCode}.");
        }
        catch (HttpRequestException e)
        {
            return (true, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (true, $"There was no answer within {settings.TimeoutSeconds} s.");
        }
    }
}
