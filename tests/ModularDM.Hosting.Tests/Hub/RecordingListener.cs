using System.Text;
using System.Threading.Channels;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>Notes what a connection tells it.</summary>
internal sealed class RecordingListener : IHubListener
{
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();

    /// <summary>"connected", "disconnected", or a desired patch.</summary>
    public ChannelReader<string> Events => _events.Reader;

    public string LastReason { get; private set; } = "";

    public Func<HubMethodRequest, CancellationToken, Task<HubMethodResponse>> Method { get; set; } =
        (request, _) => Task.FromResult(new HubMethodResponse(200, request.Payload));

    public void OnConnected() => _events.Writer.TryWrite("connected");

    public void OnDisconnected(string reason)
    {
        LastReason = reason;
        _events.Writer.TryWrite("disconnected");
    }

    public void OnDesired(ReadOnlyMemory<byte> patch) => _events.Writer.TryWrite(Encoding.UTF8.GetString(patch.Span));

    public Task<HubMethodResponse> OnMethodAsync(HubMethodRequest request, CancellationToken cancellationToken) => Method(request, cancellationToken);
}
