using System.Text;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>Answers the direct methods that arrive on one connection, each by itself and at most so many at a time.</summary>
/// <param name="link">The connection.</param>
/// <param name="listener">Knows the methods.</param>
/// <param name="options">Bounds.</param>
/// <param name="underWay">Counts a call until it is answered, so that a planned end waits for it.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">The connection's log.</param>
/// <param name="stopping">Fires when the runtime stops.</param>
internal sealed partial class MethodCalls(
    MqttLink link, IHubListener listener, HubOptions options, InFlight underWay, TimeProvider clock, ILogger logger, CancellationToken stopping)
{
    private const int MaxBytes = 128 * 1024;
    private int _running;

    /// <summary>Calls the method and sends its answer. Returns its task at once, whatever the method does.</summary>
    public async Task AnswerAsync(HubMethodRequest request, string requestId)
    {
        underWay.Enter();
        try
        {
            HubMethodResponse response = TryBegin()
                ? await InvokeAsync(request)
                : new HubMethodResponse(429, Words($"{options.MaxMethodsInFlight} methods are running on this device; try again later."));
            using var limit = new CancellationTokenSource(link.Limit, clock);
            await link.PublishAsync("Answer method", MqttTopics.MethodResponse(response.Status, requestId), response.Payload, MqttQualityOfServiceLevel.AtMostOnce, limit.Token);
        }
        catch (Exception e) when (e is HubException or OperationCanceledException)
        {
            AnswerLost(e, request.Name);
        }
        finally
        {
            underWay.Leave();
        }
    }

    private static byte[] Words(string message) => Encoding.UTF8.GetBytes($$"""{"message":"{{message}}"}""");

    private bool TryBegin()
    {
        if (Interlocked.Increment(ref _running) <= options.MaxMethodsInFlight)
        {
            return true;
        }

        Interlocked.Decrement(ref _running);
        return false;
    }

    private async Task<HubMethodResponse> InvokeAsync(HubMethodRequest request)
    {
        try
        {
            HubMethodResponse response = await listener.OnMethodAsync(request, stopping);
            if (response.Payload.Length <= MaxBytes)
            {
                return response;
            }

            AnswerTooLarge(request.Name, response.Payload.Length, MaxBytes);
            return new HubMethodResponse(500, Words($"The answer has {response.Payload.Length} bytes; the hub takes {MaxBytes}."));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return new HubMethodResponse(503, Words("The device's runtime is stopping."));
        }
        catch (Exception e)
        {
            // What went wrong is for the device's log; the cloud is told that it did.
            MethodFaulted(e, request.Name);
            return new HubMethodResponse(500, Words("The method failed; the device's log says why."));
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer of method {Method} could not be sent; its caller sees a time-out.")]
    private partial void AnswerLost(Exception exception, string method);

    [LoggerMessage(Level = LogLevel.Error, Message = "Method {Method} answered {Bytes} bytes; the hub takes {Limit}.")]
    private partial void AnswerTooLarge(string method, int bytes, int limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "Method {Method} failed.")]
    private partial void MethodFaulted(Exception exception, string method);
}
