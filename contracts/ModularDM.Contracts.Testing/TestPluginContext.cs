using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Contracts.Json;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Testing;

/// <summary>A context without a host: a clock the test turns, a folder of its own, scripted root, and records of all that the plugin said.</summary>
/// <example><code>
/// using var context = new TestPluginContext("contoso.fancontrol");
/// context.Configurator.When((WriteDeviceAttribute _) =&gt; Done.Instance);
/// ApplyResult result = await SectionTester.ApplyAsync(new FanSection(context), """{ "speedPercent": 40 }""");
/// </code></example>
public sealed class TestPluginContext : IPluginContext, IDisposable
{
    /// <summary>A context for the plugin <paramref name="pluginId"/>.</summary>
    public TestPluginContext(string pluginId = "contoso.test")
    {
        ArgumentException.ThrowIfNullOrEmpty(pluginId);
        PluginId = pluginId;
        DataFolder = Directory.CreateTempSubdirectory("modulardm-test-").FullName;
    }

    /// <inheritdoc/>
    public string PluginId { get; }

    /// <summary>What the plugin logged.</summary>
    public CapturedLogger Logger { get; } = new();

    /// <summary>A temporary folder that goes with the context.</summary>
    public string DataFolder { get; }

    /// <summary>The clock; it stands still until the test advances it. Begins 2026-01-05T08:00:00Z, a Monday.</summary>
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero));

    /// <summary>Root, as scripted.</summary>
    public FakeConfigurator Configurator { get; } = new();

    /// <summary>What the plugin reported of its own accord.</summary>
    public RecordingTwinReporter Twin { get; } = new();

    /// <summary>The messages the plugin sent.</summary>
    public RecordingMessageSender Messages { get; } = new();

    /// <summary>The application that embeds the runtime.</summary>
    public FakeApplication Application { get; } = new();

    /// <summary>The content of the plugin's settings file; null when there is none.</summary>
    public string? SettingsJson { get; set; }

    ILogger IPluginContext.Logger => Logger;

    TimeProvider IPluginContext.Clock => Clock;

    IConfigurator IPluginContext.Configurator => Configurator;

    ITwinReporter IPluginContext.Twin => Twin;

    IMessageSender IPluginContext.Messages => Messages;

    IApplication IPluginContext.Application => Application;

    /// <inheritdoc/>
    public T ReadSettings<T>(JsonTypeInfo<T> typeInfo)
        where T : class
    {
        var errors = new List<SectionError>();
        return JsonMembers.ReadFile(Encoding.UTF8.GetBytes(SettingsJson ?? "{}"), typeInfo, errors)
            ?? throw new PluginSettingsException($"{PluginId}.json", errors);
    }

    /// <summary>Removes the data folder.</summary>
    public void Dispose()
    {
        if (Directory.Exists(DataFolder))
        {
            Directory.Delete(DataFolder, recursive: true);
        }
    }
}
