using System.Text.Json;
using System.Text.Json.Serialization;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>Enrolments and registrations on disk, each as its JSON.</summary>
internal static partial class EnrollmentStore
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS enrollments (is_group INTEGER NOT NULL, id TEXT NOT NULL COLLATE NOCASE, etag INTEGER NOT NULL, created INTEGER NOT NULL,
            updated INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (is_group, id));
        CREATE TABLE IF NOT EXISTS registrations (id TEXT PRIMARY KEY COLLATE NOCASE, body BLOB NOT NULL);
        """;

    public static IReadOnlyList<Enrollment> ReadEnrollments(this HubStore store) => store.Read(
        "SELECT is_group, id, etag, created, updated, body FROM enrollments",
        r => Enrollment.FromRow(
            r.GetInt64(0) != 0, r.GetString(1), r.GetInt64(2), new DateTimeOffset(r.GetInt64(3), TimeSpan.Zero), new DateTimeOffset(r.GetInt64(4), TimeSpan.Zero), (byte[])r[5]));

    public static IReadOnlyList<Registration> ReadRegistrations(this HubStore store) =>
        store.Read("SELECT body FROM registrations", r => JsonSerializer.Deserialize((byte[])r[0], RegistrationContext.Default.Registration)!);

    public sealed record SaveEnrollment(Enrollment Enrollment) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run(
            "INSERT INTO enrollments VALUES ($p0,$p1,$p2,$p3,$p4,$p5) ON CONFLICT(is_group,id) DO UPDATE SET etag=$p2, created=$p3, updated=$p4, body=$p5",
            Enrollment.IsGroup ? 1 : 0,
            Enrollment.Id,
            Enrollment.ETag,
            Enrollment.Created.UtcTicks,
            Enrollment.Updated.UtcTicks,
            Enrollment.ToBytes());
    }

    public sealed record RemoveEnrollment(bool IsGroup, string Id) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("DELETE FROM enrollments WHERE is_group=$p0 AND id=$p1", IsGroup ? 1 : 0, Id);
    }

    public sealed record SaveRegistration(Registration Registration) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run(
            "INSERT INTO registrations VALUES ($p0,$p1) ON CONFLICT(id) DO UPDATE SET body=$p1",
            Registration.RegistrationId,
            JsonSerializer.SerializeToUtf8Bytes(Registration, RegistrationContext.Default.Registration));
    }

    public sealed record RemoveRegistration(string Id) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run("DELETE FROM registrations WHERE id=$p0", Id);
    }

    [JsonSerializable(typeof(Registration))]
    private sealed partial class RegistrationContext : JsonSerializerContext;
}
