using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Application;

internal sealed partial class DeviceHub(IHubConnection hub, Lazy<SectionTable> sections, Lazy<MethodTable> methods, ILogger<DeviceHub> logger) : IDeviceHub, ITwinObserver
{
    private const int MostUnmerged = 16;
    private readonly Lock _gate = new();
    private readonly List<Follower> _followers = [];
    private readonly List<ReadOnlyMemory<byte>> _unmerged = [];
    private byte[] _desired = "{}"u8.ToArray();

    public bool IsConnected => hub.IsConnected;

    public IDisposable Follow(string node, Action<JsonElement> changed)
    {
        RefuseOurs(node);
        var follower = new Follower(node, changed, this);
        lock (_gate)
        {
            _followers.Add(follower);
        }

        return follower;
    }

    public Task ReportAsync(string node, JsonElement mergePatch, CancellationToken cancellationToken)
    {
        RefuseOurs(node);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WritePropertyName(node);
            mergePatch.WriteTo(writer);
            writer.WriteEndObject();
        }

        return hub.ReportAsync(buffer.WrittenMemory, cancellationToken);
    }

    public IDisposable MapMethod(string name, Func<JsonElement, CancellationToken, Task<(int Status, JsonElement Answer)>> handler)
    {
        var owner = new ApplicationMethod(name, handler, this);
        bool reserved = name.Split('.')[0] is var vendor && sections.Value.Desired.ClosedVendors.Contains(vendor);
        return !reserved && methods.Value.TryAdd(owner)
            ? owner
            : throw new ArgumentException($"Method '{name}' is answered by the runtime or a plugin, or was mapped before; choose a name of your own.", nameof(name));
    }

    public Task SendAsync(DeviceMessage message, CancellationToken cancellationToken) => hub.SendMessageAsync(message, cancellationToken);

    public IDisposable ReceiveMessages(Func<CloudMessage, CancellationToken, Task> handler) => hub.ReceiveMessages(handler);

    public void OnTwin(HubTwin twin)
    {
        _unmerged.Clear();
        _desired = twin.Desired.ToArray();
        foreach (Follower follower in Followers())
        {
            Tell(follower);
        }
    }

    public void OnPatch(ReadOnlyMemory<byte> patch)
    {
        _unmerged.Add(patch);
        Follower[] followers = Followers();
        if (followers.Length == 0 && _unmerged.Count < MostUnmerged)
        {
            // Kept all the same: a follower may come later.
            return;
        }

        foreach (ReadOnlyMemory<byte> each in _unmerged)
        {
            _desired = MergePatch.Apply(_desired, each);
        }

        _unmerged.Clear();
        using var document = JsonDocument.Parse(patch);
        foreach (Follower follower in followers)
        {
            if (document.RootElement.TryGetProperty(follower.Node, out _))
            {
                Tell(follower);
            }
        }
    }

    private Follower[] Followers()
    {
        lock (_gate)
        {
            return [.. _followers];
        }
    }

    private void Tell(Follower follower)
    {
        using var document = JsonDocument.Parse(_desired);
        JsonElement node = document.RootElement.TryGetProperty(follower.Node, out JsonElement found) ? found.Clone() : default;
        try
        {
            follower.Changed(node);
        }
        catch (Exception e)
        {
            // The application's code; the twin's loop must outlive it.
            FollowerFailed(e, follower.Node);
        }
    }

    private void RefuseOurs(string node)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        if (sections.Value.Desired.ClosedVendors.Contains(node) || sections.Value.InOrder.Any(worker => worker.Name.Vendor == node))
        {
            throw new ArgumentException($"Node '{node}' belongs to the runtime or to a plugin; choose a name of your own.", nameof(node));
        }
    }

    private sealed class Follower(string node, Action<JsonElement> changed, DeviceHub owner) : IDisposable
    {
        public string Node => node;

        public Action<JsonElement> Changed => changed;

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._followers.Remove(this);
            }
        }
    }

    private sealed class ApplicationMethod(string name, Func<JsonElement, CancellationToken, Task<(int Status, JsonElement Answer)>> handler, DeviceHub hub)
        : IMethodOwner, IDisposable
    {
        public string Name => name;

        public string PluginId => "application";

        public SectionName? Reports => null;

        public async Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken)
        {
            // The application's code may block before its first await; the thread it is called on is the one that receives.
            JsonElement payload = call.Payload.Clone();
            (int status, JsonElement answer) = await Task.Run(() => handler(payload, cancellationToken), CancellationToken.None);
            return MethodResult.Answer(status, JsonSerializer.SerializeToUtf8Bytes(answer));
        }

        public Task<WorkResult> RunWorkAsync(Func<CancellationToken, Task<WorkResult>> work, CancellationToken cancellationToken) => work(cancellationToken);

        public void Dispose() => hub.Unmap(this);
    }

    private void Unmap(IMethodOwner owner) => methods.Value.Remove(owner);

    [LoggerMessage(Level = LogLevel.Error, Message = "The application's handler for the desired node {Node} failed")]
    private partial void FollowerFailed(Exception exception, string node);
}
