using System.Buffers;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// The reported node <c>modularDM</c>: what runs here, how each plugin is doing, and a summary by which one hub query finds the sick devices.
/// </summary>
internal sealed class RuntimeReport(ReportedState reported, IPluginCatalog plugins) : IDisposable
{
    public const string Vendor = "modularDM";

    /// <summary>Enough to see what is wrong; a flood of unknown names must not push everything else out of the twin.</summary>
    private const int MostUnknown = 20;

    private readonly Lock _gate = new();
    private IReadOnlyList<SectionName> _unknown = [];
    private bool _watching;

    public static string Version { get; } =
        typeof(RuntimeReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Takes the unknown sections over from the engine's loop, and reports all if they are others now.</summary>
    public void Update(DesiredState desired)
    {
        lock (_gate)
        {
            if (_watching && _unknown.SequenceEqual(desired.Unknown))
            {
                return;
            }

            _unknown = [.. desired.Unknown];
            if (!_watching)
            {
                _watching = true;
                plugins.Changed += Refresh;
            }
        }

        Refresh();
    }

    /// <summary>Reports the summary alone, after a section's status changed.</summary>
    public void RefreshSummary()
    {
        lock (_gate)
        {
            reported.SetValues([Value("summary", WriteSummary)]);
        }
    }

    /// <summary>Reports what may have changed. What has not costs nothing.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            reported.SetValues(
            [
                Value("version", writer => writer.WriteStringValue(Version)),
                Value("platform", writer => writer.WriteStringValue(RuntimeInformation.RuntimeIdentifier)),
                Value("plugins", WritePlugins),
                Value("unknown", WriteUnknown),
                Value("summary", WriteSummary),
            ]);
        }
    }

    public void Dispose() => plugins.Changed -= Refresh;

    private void WritePlugins(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (IGrouping<string, PluginStatus> vendor in plugins.Plugins.GroupBy(plugin => KeyOf(plugin.Id, 0)).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            writer.WriteStartObject(vendor.Key);
            foreach (PluginStatus plugin in vendor.DistinctBy(plugin => KeyOf(plugin.Id, 1)))
            {
                writer.WriteStartObject(KeyOf(plugin.Id, 1));
                writer.WriteString("state"u8, JsonNamingPolicy.CamelCase.ConvertName(plugin.State.ToString()));
                if (plugin.Version is not null)
                {
                    writer.WriteString("version"u8, plugin.Version);
                }

                if (plugin.Reason is not null)
                {
                    writer.WriteString("reason"u8, plugin.Reason.Length <= 500 ? plugin.Reason : plugin.Reason[..500]);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    // An id is vendor.name; a folder without a readable manifest may be called anything.
    private static string KeyOf(string id, int part)
    {
        int dot = id.IndexOf('.', StringComparison.Ordinal);
        string text = dot < 0 ? (part == 0 ? "unnamed" : id) : (part == 0 ? id[..dot] : id[(dot + 1)..]);
        return TwinKey.Encode(text.Length == 0 ? "unnamed" : text);
    }

    private void WriteUnknown(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (SectionName name in _unknown.Take(MostUnknown))
        {
            writer.WriteStringValue(Describe(name));
        }

        if (_unknown.Count > MostUnknown)
        {
            writer.WriteStringValue($"and {_unknown.Count - MostUnknown} more");
        }

        writer.WriteEndArray();
    }

    // The name alone would send an operator looking for a spelling mistake that is none.
    private string Describe(SectionName name)
    {
        if (name.Section.Length == 0)
        {
            return $"{name.Vendor} is not an object";
        }

        if (plugins.IsDisabled(name))
        {
            return $"{name} (switched off on the device by Sections:Disabled)";
        }

        PluginStatus? refused = plugins.Plugins.FirstOrDefault(plugin => plugin.State == PluginState.Refused && plugin.Sections.Contains(name.ToString()));
        return refused is null ? name.ToString() : $"{name} (its plugin {refused.Id} is refused)";
    }

    private void WriteSummary(Utf8JsonWriter writer)
    {
        IReadOnlyList<(SectionName Name, SectionStatus Status)> statuses = reported.Statuses();
        int pending = statuses.Count(section => section.Status.State == SectionState.Pending);
        int failed = statuses.Count(section => section.Status.State == SectionState.Failed);
        int sick = plugins.Plugins.Count(plugin => plugin.State is PluginState.Refused or PluginState.Faulted or PluginState.Quarantined);
        writer.WriteStartObject();
        writer.WriteString("state"u8, failed + sick > 0 ? "failed"u8 : pending > 0 ? "pending"u8 : "ok"u8);
        writer.WriteNumber("pending"u8, pending);
        writer.WriteNumber("failed"u8, failed);
        writer.WriteNumber("sickPlugins"u8, sick);
        writer.WriteNumber("unknown"u8, _unknown.Count);
        writer.WriteEndObject();
    }

    private static (SectionName Name, byte[] Json) Value(string member, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, ReportedJson.Readable);
        write(writer);
        writer.Flush();
        return (new SectionName(Vendor, member), buffer.WrittenSpan.ToArray());
    }
}
