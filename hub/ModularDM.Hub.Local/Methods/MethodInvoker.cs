using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Methods;

/// <summary>A device's answer to a method: its status and its JSON, empty for none.</summary>
internal readonly record struct MethodAnswer(int Status, byte[] Payload);

/// <summary>How a method ended: with the device's status, or with an error of the hub's.</summary>
internal readonly record struct MethodOutcome(string Method, int? Status, int ErrorCode);

/// <summary>Carries direct methods to devices and their answers back.</summary>
internal sealed class MethodInvoker(TimeProvider time)
{
    /// <summary>The largest request or answer.</summary>
    public const int MaxPayloadBytes = 128 * 1024;

    private static readonly SearchValues<char> NotInName = SearchValues.Create("$()<>@,;:\\\"/[]?={} \t");
    private readonly ConcurrentDictionary<long, PendingCall> pending = new();
    private long lastId;

    private sealed record PendingCall(Device Device)
    {
        public TaskCompletionSource<MethodAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public static bool IsValidName(string name) =>
        name.Length is > 0 and <= 512 && !name.AsSpan().ContainsAny(NotInName) && !name.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>Called when a method has ended.</summary>
    public event Action<Device, MethodOutcome>? Invoked;

    /// <exception cref="HubRefusalException">The device is not there, does not answer in time, or answers with something else than JSON.</exception>
    public async Task<MethodAnswer> InvokeAsync(Device device, MethodRequest request, CancellationToken cancellationToken)
    {
        try
        {
            MethodAnswer answer = await CallAsync(device, request, cancellationToken);
            Invoked?.Invoke(device, new MethodOutcome(request.Name, answer.Status, 0));
            return answer;
        }
        catch (HubRefusalException e)
        {
            Invoked?.Invoke(device, new MethodOutcome(request.Name, null, e.Code));
            throw;
        }
    }

    private async Task<MethodAnswer> CallAsync(Device device, MethodRequest request, CancellationToken cancellationToken)
    {
        await WaitUntilOnlineAsync(device, request.ConnectTimeout, cancellationToken);
        if (!device.TryEnterMethod(HubChoices.MaxInflightMethods))
        {
            throw new HubRefusalException(HubErrorCodes.DeviceMaximumInflightMethodExceeded, $"More than {HubChoices.MaxInflightMethods} methods wait for the device.");
        }

        long id = Interlocked.Increment(ref lastId);
        var call = new PendingCall(device);
        pending[id] = call;
        try
        {
            string topic = MqttTopics.MethodRequest(request.Name, id.ToString("x", CultureInfo.InvariantCulture));
            if (device.Connection is not { TakesMethods: true } connection || !connection.TrySend(topic, request.Payload))
            {
                throw HubRefusalException.DeviceOffline(device.Id, request.ConnectTimeout);
            }

            return Check(await call.Answer.Task.WaitAsync(request.ResponseTimeout, time, cancellationToken));
        }
        catch (TimeoutException)
        {
            throw HubRefusalException.NoAnswer(request.ResponseTimeout);
        }
        finally
        {
            pending.TryRemove(id, out _);
            device.LeaveMethod();
        }
    }

    /// <summary>Takes a device's answer; one that comes too late, or to another device's call, is dropped.</summary>
    public void Complete(Device device, string requestId, int status, ReadOnlySequence<byte> payload)
    {
        if (long.TryParse(requestId, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long id)
            && pending.TryGetValue(id, out PendingCall? call) && call.Device == device)
        {
            call.Answer.TrySetResult(new MethodAnswer(status, payload.ToArray()));
        }
    }

    private static MethodAnswer Check(MethodAnswer answer)
    {
        if (answer.Payload.Length > MaxPayloadBytes)
        {
            throw new HubRefusalException(HubChoices.MethodTooLarge, $"The device's answer is {answer.Payload.Length} bytes long; at most {MaxPayloadBytes}.");
        }

        return answer.Payload.Length == 0 || HubJson.IsValid(answer.Payload)
            ? answer
            : throw new HubRefusalException(HubChoices.MethodAnswerNotJson, "The device's answer is not JSON.");
    }

    private async Task WaitUntilOnlineAsync(Device device, TimeSpan limit, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (device.Connection is not { TakesMethods: true })
        {
            // Take the signal, then look again, so that a device that comes in between is not missed.
            Task online = device.Online;
            if (device.Connection is { TakesMethods: true })
            {
                return;
            }

            TimeSpan left = limit - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                throw HubRefusalException.DeviceOffline(device.Id, limit);
            }

            try
            {
                await online.WaitAsync(left, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                throw HubRefusalException.DeviceOffline(device.Id, limit);
            }
        }
    }
}
