using System.Text.Json;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>Configurations on disk, and what they did to each twin.</summary>
internal static class ConfigurationStore
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS configurations (id TEXT PRIMARY KEY, labels BLOB NOT NULL, content BLOB NOT NULL, target TEXT NOT NULL, priority INTEGER NOT NULL,
            metrics TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, etag INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS configured_twins (id TEXT PRIMARY KEY, settings BLOB NOT NULL, applied TEXT NOT NULL);
        """;

    public static IReadOnlyList<Configuration> ReadConfigurations(this HubStore store) => store.Read(
        "SELECT id, labels, content, target, priority, metrics, created, updated, etag FROM configurations",
        r =>
        {
            using JsonDocument content = JsonDocument.Parse((byte[])r[2]);
            return new Configuration(new ConfigurationDefinition(
                r.GetString(0),
                (byte[])r[1],
                ConfigurationContent.Parse(content.RootElement),
                r.GetString(3),
                r.GetInt32(4),
                JsonSerializer.Deserialize<Dictionary<string, string>>(r.GetString(5))!,
                new DateTimeOffset(r.GetInt64(6), TimeSpan.Zero),
                new DateTimeOffset(r.GetInt64(7), TimeSpan.Zero),
                r.GetInt64(8)));
        });

    public static IReadOnlyDictionary<string, ConfigurationState> ReadConfiguredTwins(this HubStore store) => store.Read(
        "SELECT id, settings, applied FROM configured_twins",
        r => KeyValuePair.Create(r.GetString(0), new ConfigurationState((byte[])r[1], JsonSerializer.Deserialize<Dictionary<string, bool>>(r.GetString(2))!))).ToDictionary(StringComparer.Ordinal);

    public static void RemoveTwin(StoreWriter writer, string id) => writer.Run("DELETE FROM configured_twins WHERE id=$p0", id);

    public sealed record Save(ConfigurationDefinition Definition) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run(
            "INSERT INTO configurations VALUES ($p0,$p1,$p2,$p3,$p4,$p5,$p6,$p7,$p8) ON CONFLICT(id) DO UPDATE SET labels=$p1, content=$p2, target=$p3, priority=$p4, "
            + "metrics=$p5, created=$p6, updated=$p7, etag=$p8",
            Definition.Id,
            Definition.Labels,
            Definition.Content.Json,
            Definition.TargetCondition,
            Definition.Priority,
            JsonSerializer.Serialize(Definition.Metrics),
            Definition.Created.UtcTicks,
            Definition.Updated.UtcTicks,
            Definition.ETag);
    }

    public sealed record Remove(string Id) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("DELETE FROM configurations WHERE id=$p0", Id);
    }

    /// <summary>What configurations did to a twin; <see langword="null"/> for nothing any more.</summary>
    public sealed record SaveTwin(string Id, ConfigurationState? State) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            if (State is null)
            {
                RemoveTwin(writer, Id);
                return;
            }

            writer.Run(
                "INSERT INTO configured_twins VALUES ($p0,$p1,$p2) ON CONFLICT(id) DO UPDATE SET settings=$p1, applied=$p2",
                Id,
                State.Settings,
                JsonSerializer.Serialize(State.Applied));
        }
    }
}
