using Microsoft.Data.Sqlite;
using ModularDM.Hub.Local;

namespace ModularDM.Hub.Tests.Local;

/// <summary>Data folders that another version of the hub made.</summary>
public sealed class StoreVersionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Open_FileOfTheFirstVersion_KeepsDevicesAndTakesNewKinds()
    {
        string before;
        await using (LocalHub hub = await StartAsync("d"))
        {
            before = hub.GetDeviceConnectionString("d");
        }

        Run(
            "ALTER TABLE devices DROP COLUMN authentication; ALTER TABLE devices DROP COLUMN managed_by; ALTER TABLE devices DROP COLUMN model_id; "
            + "DROP TABLE certificates; PRAGMA user_version=0;");
        await using LocalHub again = await StartAsync();
        Assert.Equal(Key(before), Key(again.GetDeviceConnectionString("d")));
        Assert.EndsWith(";x509=true", await again.CreateX509DeviceAsync("e"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FileOfALaterVersion_IsRefusedInWords()
    {
        await using (await StartAsync())
        {
        }

        Run("PRAGMA user_version=99;");
        LocalHubStartException refused = await Assert.ThrowsAsync<LocalHubStartException>(() => StartAsync());
        Assert.Contains("later version", refused.Message, StringComparison.Ordinal);
        Run("PRAGMA user_version=1;");
        await using LocalHub again = await StartAsync();
    }

    private static string Key(string connectionString) => ModularDM.Hub.Protocol.HubConnectionString.Parse(connectionString).SharedAccessKey!;

    private Task<LocalHub> StartAsync(params string[] devices) =>
        LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, Devices = devices });

    private void Run(string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "hub.db"), Pooling = false }.ToString());
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
