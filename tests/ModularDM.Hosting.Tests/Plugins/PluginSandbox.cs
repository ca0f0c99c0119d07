using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Configurator;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Plugins;

/// <summary>Folders of one test's own, with copies of test plugins in them, and a host that runs them.</summary>
internal sealed class PluginSandbox : IAsyncDisposable
{
    private static readonly string s_source = Path.Combine(AppContext.BaseDirectory, "TestPlugins");
    private ServiceProvider? _services;

    public PluginSandbox()
    {
        foreach (string folder in new[] { Core, Oem, Settings, Data })
        {
            Directory.CreateDirectory(folder);
        }
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("modulardm-plugins-").FullName;

    public string Core => Path.Combine(Root, "core");

    public string Oem => Path.Combine(Root, "oem");

    public string Settings => Path.Combine(Root, "settings");

    public string Data => Path.Combine(Root, "data");

    public FakeChannel Channel { get; } = new();

    public FakeMessages Messages { get; } = new();

    public FakeReporters Reporters { get; } = new();

    public LogCapture Log { get; } = new();

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public List<string> DisabledSections { get; } = [];

    public Action<PluginsOptions> Configure { get; set; } = _ => { };

    public PluginCatalog Catalog => _services!.GetRequiredService<PluginCatalog>();

    public PluginsOptions Options
    {
        get
        {
            var options = new PluginsOptions();
            Apply(options);
            return options;
        }
    }

    /// <summary>Copies a test plugin; the folder may be named otherwise than its id.</summary>
    public string Add(string name, string? root = null, string? folderName = null, string? source = null)
    {
        string id = $"contoso.{name.ToLowerInvariant()}", target = Path.Combine(root ?? Oem, folderName ?? id);
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(Path.Combine(source ?? s_source, id)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        return target;
    }

    public ISectionOwner Section(string name) => Catalog.Sections[SectionName.Parse(name, "windows")];

    public PluginStatus Status(string name) => Catalog.Plugins.Single(p => p.Id == $"contoso.{name.ToLowerInvariant()}");

    public async Task StartAsync()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log));
        services.AddSingleton(Clock);
        services.AddSingleton<IConfiguratorChannel>(Channel);
        services.AddSingleton<IMessageSender>(Messages);
        services.AddSingleton<ISectionReporterFactory>(Reporters);
        services.AddModularDMPlugins();
        services.Configure<PluginsOptions>(Apply);
        services.Configure<SectionsOptions>(options => options.Disabled = [.. DisabledSections]);
        _services = services.BuildServiceProvider();
        foreach (IHostedService service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    public async Task StopAsync()
    {
        if (_services is null)
        {
            return;
        }

        foreach (IHostedService service in _services.GetServices<IHostedService>())
        {
            await service.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Stops and forgets the host, but keeps the folders.</summary>
    public async Task EndAsync()
    {
        await StopAsync();
        await Drop();
    }

    /// <summary>Forgets the host without stopping it, as a killed process would.</summary>
    public async Task Drop()
    {
        if (_services is not null)
        {
            await _services.DisposeAsync();
            _services = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(Root, recursive: true);
    }

    private void Apply(PluginsOptions options)
    {
        (options.CoreFolder, options.Folders, options.SettingsFolder, options.DataFolder) = (Core, [Oem], Settings, Data);
        Configure(options);
    }
}

/// <summary>A configurator that answers as the test says and remembers who asked.</summary>
internal sealed class FakeChannel : IConfiguratorChannel
{
    public ServerHello? Peer => null;

    public Func<ConfiguratorRequest, CancellationToken, Task<ConfiguratorResponse?>> Answer { get; set; } = (_, _) => Task.FromResult<ConfiguratorResponse?>(null);

    public ConcurrentQueue<(string PluginId, long Lease, ConfiguratorRequest Request)> Requests { get; } = [];

    public ConcurrentQueue<long> Revoked { get; } = [];

    public async Task<TResponse> SendAsync<TResponse>(string pluginId, long lease, ConfiguratorRequest<TResponse> request, CancellationToken cancellationToken)
        where TResponse : ConfiguratorResponse
    {
        Requests.Enqueue((pluginId, lease, request));
        return (TResponse)(await Answer(request, cancellationToken))!;
    }

    public void RevokeLease(long lease) => Revoked.Enqueue(lease);
}

internal sealed class FakeMessages : IMessageSender
{
    public ConcurrentQueue<string> Sent { get; } = [];

    public SemaphoreSlim Arrived { get; } = new(0);

    public Task<bool> SendAsync(ReadOnlyMemory<byte> utf8Json, IReadOnlyDictionary<string, string>? properties, CancellationToken cancellationToken)
    {
        Sent.Enqueue(System.Text.Encoding.UTF8.GetString(utf8Json.Span));
        Arrived.Release();
        return Task.FromResult(true);
    }
}

internal sealed class FakeReporters : ISectionReporterFactory
{
    public ConcurrentDictionary<string, IReadOnlySet<SectionName>> Owned { get; } = [];

    public ITwinReporter For(string pluginId, IReadOnlySet<SectionName> owned)
    {
        Owned[pluginId] = owned;
        return new Reporter();
    }

    private sealed class Reporter : ITwinReporter
    {
        public Task ReportAsync(string section, SectionReport report, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task ReportAsync(string section, SectionReport report, ApplyResult result, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

internal sealed class LogCapture : ILoggerProvider, ILogger
{
    public ConcurrentQueue<(LogLevel Level, string Text, Exception? Exception)> Entries { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Entries.Enqueue((logLevel, formatter(state, exception), exception));

    public void Dispose()
    {
    }
}
