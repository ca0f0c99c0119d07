namespace ModularDM.Hub.Local.Storage;

/// <summary>The hub's own values by name, such as the keys of its policies.</summary>
internal static class SettingStore
{
    public const string Schema = "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

    public static Dictionary<string, string> ReadSettings(this HubStore store) => store.Read(
        "SELECT name, value FROM settings",
        r => KeyValuePair.Create(r.GetString(0), r.GetString(1))).ToDictionary(StringComparer.Ordinal);

    public sealed record Remove(string Name) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("DELETE FROM settings WHERE name=$p0", Name);
    }

    public sealed record Save(string Name, string Value) : StoreChange
    {
        public override void Write(StoreWriter writer) =>
            writer.Run("INSERT INTO settings VALUES ($p0,$p1) ON CONFLICT(name) DO UPDATE SET value=$p1", Name, Value);
    }
}
