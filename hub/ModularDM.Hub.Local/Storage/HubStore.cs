using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Configurations;
using ModularDM.Hub.Local.Jobs;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Provisioning;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Storage;

/// <summary>
/// The hub's state on disk. One thread writes: it takes all changes that wait, commits them as one transaction with a sync of the log, and only then are
/// they acknowledged; so many writers share one sync, and what was acknowledged outlives a kill or a power cut.
/// </summary>
internal sealed partial class HubStore : IDisposable
{
    private const int MaxWaiting = 16_384;
    private const int MaxBatch = 1_024;

    // Each area keeps its tables beside the code that uses them. One transaction: a new database syncs once and not for each table.
    private const string Schema = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN;" + SettingStore.Schema + RegistryStore.Schema + MessageStore.Schema
        + CertificateStore.Schema + EnrollmentStore.Schema + CloudMessageStore.Schema + JobStore.Schema + ConfigurationStore.Schema + "COMMIT;";

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
            Migrate(connection, database);
            return new HubStore(connectionString, connection, folderLock, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            connection?.Dispose();
            folderLock?.Dispose();
            throw LocalHubStartException.DataInUse(folder, e);
        }
        catch (LocalHubStartException)
        {
            connection?.Dispose();
            folderLock?.Dispose();
            throw;
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

    /// <summary>Reads what is on disk, on a connection of its own.</summary>
    /// <param name="sql">A constant text; its parameters are <c>$a</c>, <c>$b</c> and so on.</param>
    /// <param name="row">Makes one result of one row.</param>
    /// <param name="values">The parameters' values.</param>
    public List<T> Read<T>(string sql, Func<SqliteDataReader, T> row, params object[] values)
    {
        using var reading = new SqliteConnection(connectionString);
        reading.Open();
        using SqliteCommand command = reading.CreateCommand();
#pragma warning disable CA2100 // Each text is a constant of its area.
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

    /// <summary>Writes what waits, then closes.</summary>
    public void Dispose()
    {
        waiting.CompleteAdding();
        writer.Join();
        waiting.Dispose();
        connection.Dispose();
        folderLock.Dispose();
    }

    // The tables of the first version, then each step since: a file that an earlier version made takes those that it lacks.
    private static void Migrate(SqliteConnection connection, string database)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        long version = (long)command.ExecuteScalar()!;
        if (version > RegistryStore.Migrations.Length)
        {
            throw LocalHubStartException.DataTooNew(database);
        }

        for (; version < RegistryStore.Migrations.Length; version++)
        {
#pragma warning disable CA2100 // Each step is a constant; a pragma takes no parameter.
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"BEGIN; {RegistryStore.Migrations[version]} PRAGMA user_version={version + 1}; COMMIT;");
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }
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

    private void WriteLoop()
    {
        using var changes = new StoreWriter(connection);
        var batch = new List<StoreChange>(MaxBatch);
        foreach (StoreChange first in waiting.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < MaxBatch && waiting.TryTake(out StoreChange? next))
            {
                batch.Add(next);
            }

            if (TryCommit(changes, batch, out Exception? cause))
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

    private bool TryCommit(StoreWriter changes, List<StoreChange> batch, out Exception? cause)
    {
        cause = HubRefusalException.StoreFailed();
        if (failed)
        {
            return false;
        }

        try
        {
            Execute("BEGIN");
            batch.ForEach(change => change.Write(changes));
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
