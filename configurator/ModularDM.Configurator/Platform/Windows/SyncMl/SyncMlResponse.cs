using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>
/// What came back for each command, found by its <c>CmdRef</c> and never by position. Of several statuses for one command a failure counts, whichever
/// came first.
/// </summary>
internal sealed class SyncMlResponse
{
    /// <summary>More parts than any request of ours could ask for.</summary>
    public const int MaxParts = 100_000;

    private readonly Dictionary<int, int> _statuses = [];
    private readonly Dictionary<int, IReadOnlyList<SyncMlItem>> _results = [];
    private int _parts;

    private SyncMlResponse()
    {
    }

    /// <summary>The numbers of the commands that were answered.</summary>
    public IReadOnlyCollection<int> Answered => _statuses.Keys;

    /// <exception cref="ConfiguratorException">It is no SyncML, or breaks a limit.</exception>
    public static SyncMlResponse Parse(string text)
    {
        var response = new SyncMlResponse();
        bool hasBody = false;
        SyncMlReader.Read(text, "The device management engine's answer", root =>
        {
            if (root.Name == "SyncBody")
            {
                hasBody = true;
                response.ReadBody(root);
                return;
            }

            root.ForEachChild(part =>
            {
                if (part.Name == "SyncBody" && !hasBody)
                {
                    hasBody = true;
                    response.ReadBody(part);
                }
                else
                {
                    part.Skip();
                }
            });
        });
        return hasBody ? response : throw Unreadable("there is no SyncBody");
    }

    /// <summary>The status of a command; 0 when it was not answered.</summary>
    public int StatusOf(int command) => _statuses.GetValueOrDefault(command);

    /// <summary>The value that a Get brought; null when it brought none.</summary>
    public string? ResultOf(int command) =>
        ItemsOf(command) is [var first, ..] ? first.Data ?? string.Empty : null;

    /// <summary>All nodes that a Get brought.</summary>
    public IReadOnlyList<SyncMlItem> ItemsOf(int command) =>
        SyncMlStatus.IsSuccess(StatusOf(command)) && _results.TryGetValue(command, out IReadOnlyList<SyncMlItem>? items) ? items : [];

    private void ReadBody(SyncMlReader body) => body.ForEachChild(part =>
    {
        switch (part.Name)
        {
            case "Status":
                ReadStatus(part);
                break;
            case "Results":
                ReadResults(part);
                break;
            default:
                part.Skip();
                break;
        }

        Count();
    });

    private void ReadStatus(SyncMlReader status)
    {
        int? command = null, code = null;
        status.ForEachChild(part =>
        {
            switch (part.Name)
            {
                case "CmdRef":
                    command = part.ReadNumber();
                    break;
                case "Data":
                    code = part.ReadNumber();
                    break;
                default:
                    part.Skip();
                    break;
            }
        });
        if (command is { } number && code is { } given
            && (!_statuses.TryGetValue(number, out int known) || SyncMlStatus.IsSuccess(known)))
        {
            _statuses[number] = given;
        }
    }

    private void ReadResults(SyncMlReader results)
    {
        int? command = null;
        (string? Format, string? Type) common = default;
        var items = new List<SyncMlItem>(1);
        results.ForEachChild(part =>
        {
            switch (part.Name)
            {
                case "CmdRef":
                    command = part.ReadNumber();
                    break;
                case "Meta":
                    common = SyncMlItem.Meta(part);
                    break;
                case "Item":
                    items.Add(SyncMlItem.Read(part));
                    Count();
                    break;
                default:
                    part.Skip();
                    break;
            }
        });
        if (command is not { } number)
        {
            return;
        }

        if (common.Format is { } format)
        {
            items = [.. items.Select(item => item with { Format = item.Format ?? format, Type = item.Type ?? common.Type })];
        }

        // An engine may bring a long list in several pieces.
        _results[number] = _results.TryGetValue(number, out IReadOnlyList<SyncMlItem>? earlier) ? [.. earlier, .. items] : items;
    }

    private void Count()
    {
        if (++_parts > MaxParts)
        {
            throw Unreadable($"it has more than {MaxParts} parts");
        }
    }

    private static ConfiguratorException Unreadable(string why) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"The device management engine's answer cannot be read: {why}.", "syncml"));
}
