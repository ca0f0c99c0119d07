using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Configurations;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Registry;

/// <summary>Identities and twins on disk. A module's row has its device's id and its own, with a slash between.</summary>
internal static class RegistryStore
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS devices (id TEXT PRIMARY KEY, device_id TEXT NOT NULL, module_id TEXT, generation TEXT NOT NULL, etag INTEGER NOT NULL,
            enabled INTEGER NOT NULL, status_reason TEXT, status_updated INTEGER NOT NULL, primary_key TEXT NOT NULL, secondary_key TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS twins (id TEXT PRIMARY KEY, etag INTEGER NOT NULL, version INTEGER NOT NULL, tags BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS sections (id TEXT NOT NULL, kind INTEGER NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, metadata BLOB NOT NULL,
            PRIMARY KEY (id, kind));
        """;

    /// <summary>The steps that lead from <see cref="Schema"/> to the tables of today; a file counts those that it has taken.</summary>
    public static readonly string[] Migrations =
    [
        "ALTER TABLE devices ADD COLUMN authentication INTEGER NOT NULL DEFAULT 0; ALTER TABLE devices ADD COLUMN managed_by TEXT; ALTER TABLE devices ADD COLUMN model_id TEXT;",
    ];

    private const int Desired = 0;
    private const int Reported = 1;

    public static IReadOnlyList<Device> ReadDevices(this HubStore store)
    {
        Dictionary<(string, int), TwinSection> sections = store.Read(
            "SELECT id, kind, version, body, metadata FROM sections",
            r => KeyValuePair.Create((r.GetString(0), r.GetInt32(1)), new TwinSection((byte[])r[3], (byte[])r[4], r.GetInt64(2)))).ToDictionary();
        Dictionary<string, long> messages = store.ReadLastMessages();
        return store.Read(
            "SELECT d.device_id, d.module_id, d.generation, d.etag, d.enabled, d.status_reason, d.status_updated, d.primary_key, d.secondary_key, "
            + "t.etag, t.version, t.tags, d.authentication, d.managed_by, d.model_id FROM devices d JOIN twins t ON t.id = d.id",
            r =>
            {
                var identity = new DeviceIdentity(
                    r.GetString(0),
                    r.IsDBNull(1) ? null : r.GetString(1),
                    r.GetString(2),
                    r.GetInt64(3),
                    r.GetInt64(4) != 0,
                    r.IsDBNull(5) ? null : r.GetString(5),
                    new DateTimeOffset(r.GetInt64(6), TimeSpan.Zero),
                    DeviceAuthentication.FromRow(r.GetInt64(12), r.GetString(7), r.GetString(8)),
                    r.IsDBNull(13) ? null : r.GetString(13));
                var twin = new Twin(r.GetInt64(9), r.GetInt64(10), (byte[])r[11], sections[(identity.Id, Desired)], sections[(identity.Id, Reported)]);
                return new Device(identity, twin, messages.GetValueOrDefault(identity.Id)) { ModelId = r.IsDBNull(14) ? null : r.GetString(14) };
            });
    }

    public sealed record SaveIdentity(DeviceIdentity Identity) : StoreChange
    {
        // The columns of the keys hold what the authentication has two of, be it keys or thumbprints.
        public override void Write(StoreWriter writer)
        {
            (long type, string first, string second) = Identity.Authentication.ToRow();
            writer.Run(
                "INSERT INTO devices (id, device_id, module_id, generation, etag, enabled, status_reason, status_updated, primary_key, secondary_key, authentication, managed_by) "
                + "VALUES ($p0,$p1,$p2,$p3,$p4,$p5,$p6,$p7,$p8,$p9,$p10,$p11) ON CONFLICT(id) DO UPDATE SET generation=$p3, etag=$p4, enabled=$p5, "
                + "status_reason=$p6, status_updated=$p7, primary_key=$p8, secondary_key=$p9, authentication=$p10, managed_by=$p11",
                Identity.Id,
                Identity.DeviceId,
                Identity.ModuleId,
                Identity.GenerationId,
                Identity.ETag,
                Identity.Enabled ? 1 : 0,
                Identity.StatusReason,
                Identity.StatusUpdated.UtcTicks,
                first,
                second,
                type,
                Identity.ManagedBy);
        }
    }

    public sealed record SaveModel(string Id, string? ModelId) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("UPDATE devices SET model_id=$p1 WHERE id=$p0", Id, ModelId);
    }

    public sealed record SaveTwin(string Id, Twin Twin, bool Service, bool Device) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            writer.Run("INSERT INTO twins VALUES ($p0,$p1,$p2,$p3) ON CONFLICT(id) DO UPDATE SET etag=$p1, version=$p2, tags=$p3", Id, Twin.ETag, Twin.Version, Twin.Tags);
            if (Service)
            {
                Save(writer, Desired, Twin.Desired);
            }

            if (Device)
            {
                Save(writer, Reported, Twin.Reported);
            }
        }

        private void Save(StoreWriter writer, int kind, TwinSection section) => writer.Run(
            "INSERT INTO sections VALUES ($p0,$p1,$p2,$p3,$p4) ON CONFLICT(id,kind) DO UPDATE SET version=$p2, body=$p3, metadata=$p4",
            Id,
            kind,
            section.Version,
            section.Body,
            section.Metadata);
    }

    public sealed record Remove(string Id) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            writer.Run("DELETE FROM devices WHERE id=$p0", Id);
            writer.Run("DELETE FROM twins WHERE id=$p0", Id);
            writer.Run("DELETE FROM sections WHERE id=$p0", Id);
            MessageStore.RemoveDevice(writer, Id);
            CloudMessageStore.RemoveDevice(writer, Id);
            ConfigurationStore.RemoveTwin(writer, Id);
        }
    }
}
