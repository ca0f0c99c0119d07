using Microsoft.Data.Sqlite;
using ModularDM.Hub.Local.Messages;

namespace ModularDM.Hub.Local.Storage;

/// <summary>The prepared statements of the one connection that writes.</summary>
internal sealed class StoreCommands(SqliteConnection connection) : IDisposable
{
    private readonly List<SqliteCommand> commands = [];
    private SqliteCommand? device;
    private SqliteCommand? twin;
    private SqliteCommand? section;
    private SqliteCommand? message;
    private SqliteCommand? trim;
    private SqliteCommand? setting;

    public void Execute(StoreChange change)
    {
        switch (change)
        {
            case StoreChange.SaveDevice save:
                Run(
                    ref device,
                    "INSERT INTO devices VALUES ($p0,$p1,$p2,$p3,$p4,$p5,$p6,$p7) ON CONFLICT(id) DO UPDATE SET generation=$p1, etag=$p2, enabled=$p3, "
                    + "status_reason=$p4, status_updated=$p5, primary_key=$p6, secondary_key=$p7",
                    save.Identity.DeviceId,
                    save.Identity.GenerationId,
                    save.Identity.ETag,
                    save.Identity.Enabled ? 1 : 0,
                    save.Identity.StatusReason,
                    save.Identity.StatusUpdated.UtcTicks,
                    save.Identity.PrimaryKey,
                    save.Identity.SecondaryKey);
                break;
            case StoreChange.SaveTwin save:
                Run(
                    ref twin,
                    "INSERT INTO twins VALUES ($p0,$p1,$p2,$p3) ON CONFLICT(id) DO UPDATE SET etag=$p1, version=$p2, tags=$p3",
                    save.DeviceId,
                    save.Twin.ETag,
                    save.Twin.Version,
                    save.Twin.Tags);
                if (save.Service)
                {
                    SaveSection(save.DeviceId, 0, save.Twin.Desired);
                }

                if (save.Reported)
                {
                    SaveSection(save.DeviceId, 1, save.Twin.Reported);
                }

                break;
            case StoreChange.RemoveDevice remove:
                foreach (string table in (string[])["devices WHERE id", "twins WHERE id", "sections WHERE id", "messages WHERE device_id"])
                {
                    using SqliteCommand delete = connection.CreateCommand();
#pragma warning disable CA2100 // The texts stand in the line above.
                    delete.CommandText = $"DELETE FROM {table}=$id";
#pragma warning restore CA2100
                    delete.Parameters.AddWithValue("$id", remove.DeviceId);
                    delete.ExecuteNonQuery();
                }

                break;
            case StoreChange.AppendMessage append:
                Append(append.Message, append.KeepAfter);
                break;
            case StoreChange.SaveSetting save:
                Run(ref setting, "INSERT INTO settings VALUES ($p0,$p1) ON CONFLICT(name) DO UPDATE SET value=$p1", save.Name, save.Value);
                break;
            default:
                throw new InvalidOperationException($"The store does not know {change.GetType().Name}.");
        }
    }

    public void Dispose() => commands.ForEach(c => c.Dispose());

    private void SaveSection(string deviceId, int kind, Twins.TwinSection value) => Run(
        ref section,
        "INSERT INTO sections VALUES ($p0,$p1,$p2,$p3,$p4) ON CONFLICT(id,kind) DO UPDATE SET version=$p2, body=$p3, metadata=$p4",
        deviceId,
        kind,
        value.Version,
        value.Body,
        value.Metadata);

    private void Append(DeviceMessage added, long keepAfter)
    {
        Run(ref message, "INSERT INTO messages VALUES ($p0,$p1,$p2,$p3,$p4)", added.DeviceId, added.Sequence, added.Enqueued.UtcTicks, added.Properties, added.Body);
        if (keepAfter > 0)
        {
            Run(ref trim, "DELETE FROM messages WHERE device_id=$p0 AND sequence<=$p1", added.DeviceId, keepAfter);
        }
    }

    private void Run(ref SqliteCommand? command, string text, params ReadOnlySpan<object?> values)
    {
        if (command is null)
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // Each text is a constant of this file.
            command.CommandText = text;
#pragma warning restore CA2100
            for (int i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = "$p" + i.ToString(System.Globalization.CultureInfo.InvariantCulture) });
            }

            commands.Add(command);
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        command.ExecuteNonQuery();
    }
}
