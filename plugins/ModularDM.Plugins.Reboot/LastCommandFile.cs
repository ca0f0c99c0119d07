using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;

namespace ModularDM.Plugins.Reboot;

/// <summary>Remembers the last command over the very reboot it causes.</summary>
internal sealed partial class LastCommandFile(IPluginContext context)
{
    private readonly string _path = Path.Combine(context.DataFolder, "last-command.json");

    public async Task<LastCommand?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_path))
        {
            return null;
        }

        try
        {
            byte[] json = await File.ReadAllBytesAsync(_path, cancellationToken);
            return JsonSerializer.Deserialize(json, RebootJson.Default.LastCommand);
        }
        catch (JsonException e)
        {
            // Only a record for people; the section is worth reporting without it.
            LogUnreadable(context.Logger, _path, e);
            return null;
        }
    }

    /// <summary>Replaces the record: after a power cut it is the old one or the new one.</summary>
    public async Task WriteAsync(LastCommand command, CancellationToken cancellationToken)
    {
        string fresh = _path + ".new";
        await using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await JsonSerializer.SerializeAsync(file, command, RebootJson.Default.LastCommand, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, _path, overwrite: true);
    }

    [LoggerMessage(EventName = "LastCommandUnreadable", Level = LogLevel.Warning, Message = "{File} is damaged; the last reboot command is not known")]
    private static partial void LogUnreadable(ILogger logger, string file, Exception exception);
}
