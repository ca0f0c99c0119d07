using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Certificates;

/// <summary>The registered authorities on disk.</summary>
internal static class CertificateStore
{
    public const string Schema = "CREATE TABLE IF NOT EXISTS certificates (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;";

    public static IReadOnlyList<(string Name, byte[] Body)> ReadCertificates(this HubStore store) =>
        store.Read("SELECT name, body FROM certificates", r => (r.GetString(0), (byte[])r[1]));

    public sealed record Save(string Name, byte[] Body) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("INSERT INTO certificates VALUES ($p0,$p1) ON CONFLICT(name) DO UPDATE SET body=$p1", Name, Body);
    }

    public sealed record Remove(string Name) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("DELETE FROM certificates WHERE name=$p0", Name);
    }
}
