using Microsoft.Extensions.Logging.Abstractions;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Twin;

/// <summary>The real twin engine over a hub in memory and sections in memory. Several may follow each other on one folder: that is a restart.</summary>
internal sealed class TwinFixture : IAsyncDisposable, IHubListener, IPluginCatalog
{
    private readonly SectionTable _sections;
    private readonly ReportSender _sender;
    private bool _stopped;

    public TwinFixture(InMemoryHub hub, string folder, IReadOnlyList<ISectionOwner> owners, TimeProvider? clock = null, IReadOnlyList<SectionName>? reportOnly = null)
    {
        clock ??= TimeProvider.System;
        Hub = hub;
        Reported = new ReportedState(clock);
        _sections = new SectionTable(owners, reportOnly ?? [], ["windows", "modularDM"], Reported, clock, NullLogger.Instance);
        _sender = new ReportSender(hub, Reported, clock, NullLogger<ReportSender>.Instance);
        File = new TwinStateFile(folder, hub.HubHostName, hub.DeviceId, NullLogger<TwinStateFile>.Instance);
        Engine = new TwinEngine(
            hub, _sections, Reported, _sender, new TwinMemory(File, NullLogger<TwinMemory>.Instance), new RuntimeReport(Reported, this), [], clock, NullLogger<TwinEngine>.Instance);
    }

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public InMemoryHub Hub { get; }

    public ReportedState Reported { get; }

    public TwinStateFile File { get; }

    public TwinEngine Engine { get; }

    public IReadOnlyDictionary<SectionName, ISectionOwner> Sections => new Dictionary<SectionName, ISectionOwner>();

    public IReadOnlyDictionary<string, IMethodOwner> Methods => new Dictionary<string, IMethodOwner>();

    public IReadOnlyList<PluginStatus> Plugins => [];

    public bool IsDisabled(SectionName name) => false;

    public TwinFixture Start()
    {
        Engine.Start();
        Hub.Connect(this);
        return this;
    }

    public void OnConnected() => Engine.Connected();

    public void OnDisconnected(string reason) => Engine.Disconnected();

    public void OnDesired(ReadOnlyMemory<byte> patch) => Engine.Patched(patch);

    public Task<HubMethodResponse> OnMethodAsync(HubMethodRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            Hub.Disconnect();
            await Engine.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Engine.Dispose();
        _sections.Dispose();
        _sender.Dispose();
    }
}
