using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>What one run wants of each twin. Twins with the same configurations share what was worked out for the first.</summary>
internal sealed class ConfigurationPlan
{
    // What wins comes last: the greater priority, and among equals the newer.
    private readonly (ConfigurationDefinition Definition, QueryTarget Target)[] ordered;
    private readonly ConcurrentDictionary<string, Wish> wishes = new(StringComparer.Ordinal);

    public ConfigurationPlan(IEnumerable<ConfigurationDefinition> definitions) =>
        ordered =
        [
            .. definitions.OrderBy(d => d.Priority).ThenBy(d => d.Created).ThenBy(d => d.Id, StringComparer.Ordinal)
                .Select(d => (d, Target: d.ReadTarget())).Where(p => p.Target is not null).Select(p => (p.d, p.Target!)),
        ];

    /// <summary>The settings that a twin should hold, and the configurations that target it with whether each decides at least one of its settings.</summary>
    public sealed record Wish(JsonObject Settings, byte[] Json, IReadOnlyDictionary<string, bool> Applied);

    /// <summary>What a twin should hold; <see langword="null"/> when no configuration targets it.</summary>
    public Wish? For(Device device)
    {
        var item = new TwinItem(device);
        QuerySource source = device.Identity.ModuleId is null ? QuerySource.Devices : QuerySource.Modules;
        ConfigurationDefinition[] targeting = [.. ordered.Where(p => p.Target.Source == source && p.Target.Includes(item)).Select(p => p.Definition)];
        return targeting.Length == 0 ? null : wishes.GetOrAdd(string.Join('/', targeting.Select(d => d.Id)), static (_, all) => Combine(all), targeting);
    }

    private static Wish Combine(ConfigurationDefinition[] targeting)
    {
        JsonObject settings = DesiredSettings.Combine(targeting.SelectMany(d => d.Content.Settings));
        var applied = new Dictionary<string, bool>(StringComparer.Ordinal);
        for (int i = 0; i < targeting.Length; i++)
        {
            ConfigurationSetting[] later = [.. targeting[(i + 1)..].SelectMany(d => d.Content.Settings)];
            applied[targeting[i].Id] = targeting[i].Content.Settings.Any(setting => !later.Any(other => other.Covers(setting)));
        }

        return new Wish(settings, HubJson.Bytes(settings, static (tree, json) => tree.WriteTo(json)), applied);
    }
}
