using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins.Activation;
using ModularDM.Hosting.Plugins.Discovery;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Plugins;

/// <summary>All plugins of this host. Empty until <see cref="Load"/>; fixed afterwards, but for the plugins' states.</summary>
internal sealed partial class PluginCatalog(
    IOptions<PluginsOptions> options, IOptions<SectionsOptions> sections, IServiceProvider host, ILoggerFactory loggers, TimeProvider clock)
    : IPluginCatalog, IDisposable
{
    private const string MarkerFile = ".running";
    private readonly ILogger _logger = loggers.CreateLogger<PluginCatalog>();
    private IReadOnlyList<Func<PluginStatus>> _statuses = [];
    private IReadOnlyList<Plugin> _plugins = [];
    private CrashMarker? _marker;
    private HashSet<SectionName> _disabled = [];

    public event Action? Changed;

    public IReadOnlyDictionary<SectionName, ISectionOwner> Sections { get; private set; } = new Dictionary<SectionName, ISectionOwner>();

    public IReadOnlyDictionary<string, IMethodOwner> Methods { get; private set; } = new Dictionary<string, IMethodOwner>();

    public IReadOnlyList<PluginStatus> Plugins => [.. _statuses.Select(status => status())];

    public bool IsDisabled(SectionName name) => _disabled.Contains(name);

    /// <summary>Finds the plugins and lays the routes. Loads no code.</summary>
    public void Load()
    {
        long began = clock.GetTimestamp();
        IReadOnlyList<FoundPlugin> found = new PluginDiscovery(options.Value).Discover();
        _marker = OpenMarker([.. found.Where(f => f.Reason is null).Select(f => f.Id)]);
        var services = new PluginServices(options.Value, clock, loggers, _marker, host);
        _disabled = sections.Value.Disabled.Select(name => SectionName.Parse(name, options.Value.CoreVendor)).ToHashSet();
        var plugins = new List<Plugin>();
        var statuses = new List<Func<PluginStatus>>(found.Count);
        var sectionRoutes = new Dictionary<SectionName, ISectionOwner>();
        var methodRoutes = new Dictionary<string, IMethodOwner>(StringComparer.Ordinal);
        foreach (FoundPlugin candidate in found)
        {
            if (candidate.Reason is { } reason)
            {
                PluginRefused(candidate.Id, candidate.Folder, reason);
                var refused = new PluginStatus(
                    candidate.Id,
                    candidate.Manifest?.Version,
                    PluginState.Refused,
                    reason,
                    [.. candidate.Sections.Select(s => s.Name.ToString())],
                    [.. candidate.Methods.Select(m => m.Name)]);
                statuses.Add(() => refused);
                PluginTelemetry.Moved(null, PluginState.Refused);
                continue;
            }

            var plugin = new Plugin(candidate, services);
            plugin.Changed += () => Changed?.Invoke();
            plugins.Add(plugin);
            statuses.Add(() => plugin.Status);
            foreach (SectionExport section in candidate.Sections.Where(s => !_disabled.Contains(s.Name)))
            {
                sectionRoutes.Add(section.Name, new PluginSectionOwner(plugin, section));
            }

            foreach (MethodExport method in candidate.Methods)
            {
                methodRoutes.Add(method.Name, new PluginMethodOwner(plugin, method));
            }
        }

        (_plugins, _statuses) = (plugins, statuses);
        (Sections, Methods) = (sectionRoutes, methodRoutes);
        PluginsDiscovered(plugins.Count, found.Count - plugins.Count, clock.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <summary>Begins to activate the plugins that do not wait for their first section. Returns at once.</summary>
    public void BeginStartupActivations()
    {
        foreach (Plugin plugin in _plugins.Where(p => p.Found.Manifest!.Activation == PluginActivation.Startup && p.Status.State == PluginState.Discovered))
        {
            plugin.BeginActivation();
        }
    }

    /// <summary>Stops the plugins, the last activated first; each within its limit.</summary>
    public async Task StopAsync()
    {
        foreach (Plugin plugin in _plugins.OrderByDescending(p => p.ActivationOrder))
        {
            await plugin.StopAsync();
        }

        _marker?.MarkCleanStop();
    }

    public void Dispose()
    {
        foreach (Plugin plugin in _plugins)
        {
            plugin.Dispose();
        }

        for (int refused = _statuses.Count - _plugins.Count; refused > 0; refused--)
        {
            PluginTelemetry.Moved(PluginState.Refused, null);
        }

        _marker?.Dispose();
        (_plugins, _statuses, _marker) = ([], [], null);
    }

    private CrashMarker OpenMarker(IReadOnlyList<string> ids)
    {
        try
        {
            Directory.CreateDirectory(options.Value.DataFolder);
            return CrashMarker.Open(Path.Combine(options.Value.DataFolder, MarkerFile), ids);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CrashMarkerUnavailable(options.Value.DataFolder, e);
            return CrashMarker.None();
        }
    }

    [LoggerMessage(LogLevel.Information, "{Accepted} plugins accepted and {Refused} refused in {Milliseconds:0.0} ms")]
    private partial void PluginsDiscovered(int accepted, int refused, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "Plugin {Plugin} in {Folder} is refused: {Reason}")]
    private partial void PluginRefused(string plugin, string folder, string reason);

    [LoggerMessage(LogLevel.Warning, "Crashes of plugins are not counted: the folder {Folder} of Plugins:DataFolder cannot be written")]
    private partial void CrashMarkerUnavailable(string folder, Exception exception);
}
