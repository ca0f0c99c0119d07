using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Storage;

/// <summary>
/// The hub's state on disk. One thread writes: it takes all changes that wait, commits them as one transaction with a sync of the log, and only then are
/// they acknowledged; so many writers share one sync, and what was acknowledged outlives a kill or a power cut.
/// </summary>
internal sealed partial class HubStore : IDisposable
{
    private const int MaxWaiting = 16_384;
    private const int MaxBatch = 1_024;

    private const string Schema = """
        PRAGMA journal_mode=WAL;
        PRAGMA synchronous=FULL;
        CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS devices (id TEXT PRIMARY KEY, generation TEXT NOT NULL, etag INTEGER NOT NULL, enabled INTEGER NOT NULL,
            status_reason TEXT, status_updated INTEGER NOT NULL, primary_key TEXT NOT NULL, secondary_key TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS twins (id TEXT PRIMARY KEY, etag INTEGER NOT NULL, version INTEGER NOT NULL, tags BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS sections (id TEXT NOT NULL, kind INTEGER NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, metadata BLOB NOT NULL,
            PRIMARY KEY (id, kind));
        CREATE TABLE IF NOT EXISTS messages (device_id TEXT NOT NULL, sequence INTEGER NOT NULL, enqueued INTEGER NOT NULL, properties BLOB NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (device_id, sequence));
        """;

    private readonly BlockingCollection<StoreChange> waiting = new(MaxWaiting);
    private readonly string connectionString;
    private readonly SqliteConnection connection;
    private readonly FileStream folderLock;
    private readonly ILogger<HubStore> logger;
    private readonly Thread writer;
    private volatile bool failed;

    private HubStore(string connectionString, SqliteConnection connection, FileStream folderLock, ILogger<HubStore> logger)
    {
        this.connectionString = connectionString;
        this.connection = connection;
        this.folderLock = folderLock;
        this.logger = logger;
        writer = new Thread(WriteLoop) { Name = "hub store", IsBackground = true };
        writer.Start();
    }

    /// <exception cref="LocalHubStartException">The folder cannot be used, or another hub uses it.</exception>
    public static HubStore Open(string folder, ILogger<HubStore> logger)
    {
        FileStream? folderLock = null;
        SqliteConnection? connection = null;
        try
        {
            // Keys are in here: for the owner alone.
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            folderLock = new FileStream(Path.Combine(folder, "hub.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            string database = Path.Combine(folder, "hub.db");
            CreatePrivate(database);
            string connectionString = new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString();
            connection = new SqliteConnection(connectionString);
            connection.Open();
            using SqliteCommand schema = connection.CreateCommand();
            schema.CommandText = Schema;
            schema.ExecuteNonQuery();
            return new HubStore(connectionString, connection, folderLock, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            connection?.Dispose();
            folderLock?.Dispose();
            throw LocalHubStartException.DataInUse(folder, e);
        }
    }

    /// <summary>Queues a change. Call it where the order of changes is decided, wait for <see cref="StoreChange.Done"/> before acknowledging.</summary>
    /// <exception cref="HubRefusalException">Too much waits, or the disk has failed.</exception>
    public void Enqueue(StoreChange change)
    {
        if (failed)
        {
            throw HubRefusalException.StoreFailed();
        }

        bool taken;
        try
        {
            taken = waiting.TryAdd(change);
        }
        catch (InvalidOperationException)
        {
            taken = false; // The hub is stopping.
        }

        if (!taken)
        {
            throw HubRefusalException.StoreFull();
        }
    }

    public Dictionary<string, string> ReadSettings() => Read(
        "SELECT name, value FROM settings",
        r => KeyValuePair.Create(r.GetString(0), r.GetString(1))).ToDictionary(StringComparer.Ordinal);

    public IReadOnlyList<Device> ReadDevices()
    {
        Dictionary<(string, int), TwinSection> sections = Read(
            "SELECT id, kind, version, body, metadata FROM sections",
            r => KeyValuePair.Create((r.GetString(0), r.GetInt32(1)), new TwinSection((byte[])r[3], (byte[])r[4], r.GetInt64(2)))).ToDictionary();
        Dictionary<string, long> messages = Read(
            "SELECT device_id, MAX(sequence) FROM messages GROUP BY device_id",
            r => KeyValuePair.Create(r.GetString(0), r.GetInt64(1))).ToDictionary();
        return Read(
            "SELECT d.id, d.generation, d.etag, d.enabled, d.status_reason, d.status_updated, d.primary_key, d.secondary_key, t.etag, t.version, t.tags "
            + "FROM devices d JOIN twins t ON t.id = d.id",
            r =>
            {
                string id = r.GetString(0);
                var identity = new DeviceIdentity(
                    id,
                    r.GetString(1),
                    r.GetInt64(2),
                    r.GetInt64(3) != 0,
                    r.IsDBNull(4) ? null : r.GetString(4),
                    new DateTimeOffset(r.GetInt64(5), TimeSpan.Zero),
                    r.GetString(6),
                    r.GetString(7));
                var twin = new Twin(r.GetInt64(8), r.GetInt64(9), (byte[])r[10], sections[(id, 0)], sections[(id, 1)]);
                return new Device(identity, twin, messages.GetValueOrDefault(id));
            });
    }

    public IReadOnlyList<DeviceMessage> ReadMessages(string deviceId, long after, int top) => Read(
        "SELECT sequence, enqueued, properties, body FROM messages WHERE device_id=$a AND sequence>$b ORDER BY sequence LIMIT $c",
        r => new DeviceMessage(deviceId, r.GetInt64(0), new DateTimeOffset(r.GetInt64(1), TimeSpan.Zero), (byte[])r[2], (byte[])r[3]),
        deviceId,
        after,
        top);

    /// <summary>Writes what waits, then closes.</summary>
    public void Dispose()
    {
        waiting.CompleteAdding();
        writer.Join();
        waiting.Dispose();
        connection.Dispose();
        folderLock.Dispose();
    }

    private static void CreatePrivate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var created = new FileStream(path, options);
    }

    private List<T> Read<T>(string sql, Func<SqliteDataReader, T> row, params object[] values)
    {
        using var reading = new SqliteConnection(connectionString);
        reading.Open();
        using SqliteCommand command = reading.CreateCommand();
#pragma warning disable CA2100 // Each text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue(((char)('a' + i)).ToString(CultureInfo.InvariantCulture).Insert(0, "$"), values[i]);
        }

        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }

    private void WriteLoop()
    {
        using var commands = new StoreCommands(connection);
        var batch = new List<StoreChange>(MaxBatch);
        foreach (StoreChange first in waiting.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < MaxBatch && waiting.TryTake(out StoreChange? next))
            {
                batch.Add(next);
            }

            if (TryCommit(commands, batch, out Exception? cause))
            {
                batch.ForEach(c => c.Complete());
            }
            else
            {
                batch.ForEach(c => c.Fail(cause!));
            }

            batch.Clear();
        }
    }

    private bool TryCommit(StoreCommands commands, List<StoreChange> batch, out Exception? cause)
    {
        cause = HubRefusalException.StoreFailed();
        if (failed)
        {
            return false;
        }

        try
        {
            Execute("BEGIN");
            batch.ForEach(commands.Execute);
            Execute("COMMIT");
            return true;
        }
        catch (Exception e)
        {
            // Memory is now ahead of the disk: from here on the hub refuses every write rather than promise what it cannot keep.
            failed = true;
            WriteFailed(e);
            return false;
        }
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // BEGIN and COMMIT.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Writing to the store failed; the hub takes no more changes until it is started again")]
    private partial void WriteFailed(Exception cause);
}
