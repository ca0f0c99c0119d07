using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Json;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins.Calls;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>What one plugin is given of the host. Whatever acts asks for the lease first.</summary>
internal sealed class PluginContext(string pluginId, PluginsOptions options, PluginLeases leases, LeasedServices services, ILoggerFactory loggers, TimeProvider clock) : IPluginContext
{
    private readonly Lazy<string> _dataFolder = new(() => CreateDataFolder(Path.Combine(options.DataFolder, pluginId)), LazyThreadSafetyMode.PublicationOnly);

    public string PluginId => pluginId;

    public ILogger Logger { get; } = loggers.CreateLogger($"Plugin.{pluginId}");

    public string DataFolder => _dataFolder.Value;

    public TimeProvider Clock => clock;

    public IConfigurator Configurator => services;

    public ITwinReporter Twin => services;

    public IMessageSender Messages => services;

    public IApplication Application => services;

    public T ReadSettings<T>(JsonTypeInfo<T> typeInfo)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        leases.Require();
        string file = Path.Combine(options.SettingsFolder, pluginId + ".json");
        var errors = new List<SectionError>();
        try
        {
            byte[] content = File.Exists(file) ? File.ReadAllBytes(file) : "{}"u8.ToArray();
            ReadOnlyMemory<byte> json = content.AsSpan().StartsWith("\uFEFF"u8) ? content.AsMemory(3) : content;
            using JsonDocument document = WithoutComments(json);
            if (JsonMembers.Read(document.RootElement, typeInfo, errors) is { } settings)
            {
                return settings;
            }
        }
        catch (JsonException e)
        {
            errors.Add(new SectionError("", $"not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", ErrorCodes.InvalidDesiredJsonValue));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new SectionError("", $"cannot be read: {e.Message}", ErrorCodes.Generic));
        }

        throw new PluginSettingsException(file, errors);
    }

    // People comment their settings; the plugin's own reader need not be told.
    private static JsonDocument WithoutComments(ReadOnlyMemory<byte> json)
    {
        using var written = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var plain = new ArrayBufferWriter<byte>(json.Length);
        using (var writer = new Utf8JsonWriter(plain))
        {
            written.WriteTo(writer);
        }

        return JsonDocument.Parse(plain.WrittenMemory);
    }

    private static string CreateDataFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return folder;
        }

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        DirectoryInfo created = Directory.CreateDirectory(folder, Private);
        if (created.UnixFileMode != Private)
        {
            // It was there before, or a umask had its say.
            created.UnixFileMode = Private;
        }

        return folder;
    }
}
