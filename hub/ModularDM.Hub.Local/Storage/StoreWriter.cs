using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ModularDM.Hub.Local.Storage;

/// <summary>The one connection that writes, with its statements kept prepared.</summary>
internal sealed class StoreWriter(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> commands = new(StringComparer.Ordinal);

    /// <summary>Runs a statement.</summary>
    /// <param name="text">A constant text; its parameters are <c>$p0</c>, <c>$p1</c> and so on.</param>
    /// <param name="values">The parameters' values; null is NULL.</param>
    public void Run(string text, params ReadOnlySpan<object?> values)
    {
        if (!commands.TryGetValue(text, out SqliteCommand? command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // Each text is a constant of its area; values are parameters.
            command.CommandText = text;
#pragma warning restore CA2100
            for (int i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = "$p" + i.ToString(CultureInfo.InvariantCulture) });
            }

            commands.Add(text, command);
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in commands.Values)
        {
            command.Dispose();
        }
    }
}
