using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModularDM.Hosting.Hub;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests;

/// <summary>A hub in memory with IoT Hub's twin rules: merge patches, versions, limits, notifications to a connected device; and with faults that a test switches on.</summary>
internal sealed class InMemoryHub : IHubConnection
{
    private readonly Lock _gate = new();
    private readonly List<(Func<JsonNode, bool> When, TaskCompletionSource<JsonNode> Done)> _waiting = [];
    private readonly List<string> _patches = [];
    private IHubListener? _listener;
    private byte[] _desired = "{}"u8.ToArray();
    private byte[] _reported = "{}"u8.ToArray();
    private long _desiredVersion = 1;
    private long _reportedVersion = 1;

    public string HubHostName { get; init; } = "hub.example.com";

    public string DeviceId { get; init; } = "device-1";

    public bool IsConnected { get; private set; }

    /// <summary>Reported patches as they arrived, in order.</summary>
    public IReadOnlyList<string> Patches
    {
        get
        {
            lock (_gate)
            {
                return [.. _patches];
            }
        }
    }

    public int Fetches { get; private set; }

    /// <summary>Is asked before a report is taken; throws to refuse it.</summary>
    public Action<string>? BeforeReport { get; set; }

    /// <summary>Is asked after a report was taken; throws to lose the answer.</summary>
    public Action<string>? AfterReport { get; set; }

    /// <summary>While true, notifications are lost, as on a link that is about to break.</summary>
    public bool LoseNotifications { get; set; }

    public JsonNode Reported => JsonNode.Parse(_reported)!;

    public async Task RunAsync(IHubListener listener, CancellationToken cancellationToken)
    {
        Connect(listener);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Disconnect();
        }
    }

    public void Connect(IHubListener listener)
    {
        _listener = listener;
        IsConnected = true;
        listener.OnConnected();
    }

    public void Disconnect()
    {
        IsConnected = false;
        _listener?.OnDisconnected("the test pulled the plug");
    }

    public void PatchDesired(string json)
    {
        string notification;
        lock (_gate)
        {
            _desired = MergePatch.Apply(_desired, Encoding.UTF8.GetBytes(json));
            JsonNode patch = JsonNode.Parse(json)!;
            patch["$version"] = ++_desiredVersion;
            notification = patch.ToJsonString();
        }

        if (IsConnected && !LoseNotifications)
        {
            _listener!.OnDesired(Encoding.UTF8.GetBytes(notification));
        }
    }

    /// <summary>Replaces desired; the device is told the new document without the members that are gone.</summary>
    public void PutDesired(string json)
    {
        lock (_gate)
        {
            _desired = Encoding.UTF8.GetBytes(json);
            JsonNode document = JsonNode.Parse(json)!;
            document["$version"] = ++_desiredVersion;
            json = document.ToJsonString();
        }

        if (IsConnected)
        {
            _listener!.OnDesired(Encoding.UTF8.GetBytes(json));
        }
    }

    /// <summary>Calls a direct method as a service would.</summary>
    public Task<HubMethodResponse> CallAsync(string name, string payload) =>
        _listener!.OnMethodAsync(new HubMethodRequest(name, Encoding.UTF8.GetBytes(payload)), CancellationToken.None).WaitAsync(TestTimeouts.Default);

    /// <summary>A notification out of order or of an old version.</summary>
    public void Notify(string json) => _listener!.OnDesired(Encoding.UTF8.GetBytes(json));

    /// <summary>Puts something into reported behind the device's back.</summary>
    public void SeedReported(string json) => _reported = MergePatch.Apply(_reported, Encoding.UTF8.GetBytes(json));

    public Task<HubTwin> GetTwinAsync(CancellationToken cancellationToken)
    {
        if (!IsConnected)
        {
            throw HubException.NotConnected("Twin GET");
        }

        lock (_gate)
        {
            Fetches++;
            JsonNode desired = JsonNode.Parse(_desired)!, reported = JsonNode.Parse(_reported)!;
            (desired["$version"], reported["$version"]) = (_desiredVersion, _reportedVersion);
            return Task.FromResult(HubTwin.Parse(Encoding.UTF8.GetBytes($$"""{"desired":{{desired.ToJsonString()}},"reported":{{reported.ToJsonString()}}}""")));
        }
    }

    public Task<long> ReportAsync(ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
    {
        string text = Encoding.UTF8.GetString(mergePatch.Span);
        BeforeReport?.Invoke(text);
        if (!IsConnected)
        {
            throw HubException.NotConnected("Twin PATCH");
        }

        List<(TaskCompletionSource<JsonNode> Done, JsonNode Node)> ready = [];
        lock (_gate)
        {
            byte[] merged = MergePatch.Apply(_reported, mergePatch);
            using var document = JsonDocument.Parse(merged);
            if (TwinLimits.Check(document.RootElement, TwinLimits.ReportedBytes) is { Count: > 0 } violations)
            {
                throw HubException.FromStatus("Twin PATCH", 400, string.Join("; ", violations));
            }

            _reported = merged;
            _reportedVersion++;
            _patches.Add(text);
            foreach (var waiter in _waiting.ToArray())
            {
                JsonNode node = JsonNode.Parse(_reported)!;
                if (waiter.When(node))
                {
                    _waiting.Remove(waiter);
                    ready.Add((waiter.Done, node));
                }
            }
        }

        ready.ForEach(waiter => waiter.Done.TrySetResult(waiter.Node));
        AfterReport?.Invoke(text);
        return Task.FromResult(_reportedVersion);
    }

    public Task SendMessageAsync(DeviceMessage message, CancellationToken cancellationToken) => Task.CompletedTask;

    public IDisposable ReceiveMessages(Func<CloudMessage, CancellationToken, Task> handler) => throw new NotSupportedException("This hub sends no messages.");

    /// <summary>Ends when the reported properties satisfy <paramref name="when"/>.</summary>
    public async Task<JsonNode> ReportedAsync(Func<JsonNode, bool> when)
    {
        var done = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            JsonNode now = JsonNode.Parse(_reported)!;
            if (when(now))
            {
                return now;
            }

            _waiting.Add((when, done));
        }

        try
        {
            return await done.Task.WaitAsync(TestTimeouts.Default);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException("The reported properties never became what was waited for. They are: " + Encoding.UTF8.GetString(_reported));
        }
    }

    /// <summary>Ends when a section's status says <paramref name="state"/> for <paramref name="version"/>, or for any.</summary>
    public async Task<JsonNode> SectionAsync(string vendor, string section, string state, long? version = null)
    {
        JsonNode reported = await ReportedAsync(node =>
            node[vendor]?[section]?["lastChange"] is { } change && (string?)change["state"] == state && (version is null || (long?)change["version"] == version));
        return reported[vendor]![section]!;
    }
}
