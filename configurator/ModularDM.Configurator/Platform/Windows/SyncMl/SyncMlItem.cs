namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>One node in an answer, or in a command that a server sent.</summary>
internal sealed record SyncMlItem(string LocUri, string? Format, string? Type, string? Data)
{
    /// <summary>Reads an <c>Item</c> that the reader stands at.</summary>
    public static SyncMlItem Read(SyncMlReader reader)
    {
        string? target = null, source = null, format = null, type = null, data = null;
        reader.ForEachChild(part =>
        {
            switch (part.Name)
            {
                case "Target":
                    target = Address(part) ?? target;
                    break;
                case "Source":
                    source = Address(part) ?? source;
                    break;
                case "Meta":
                    (format, type) = Meta(part);
                    break;
                case "Data":
                    data = part.ReadText();
                    break;
                default:
                    part.Skip();
                    break;
            }
        });
        return new SyncMlItem(target ?? source ?? string.Empty, format, type, data);
    }

    /// <summary>Reads a <c>Meta</c> that the reader stands at.</summary>
    public static (string? Format, string? Type) Meta(SyncMlReader reader)
    {
        string? format = null, type = null;
        reader.ForEachChild(part =>
        {
            switch (part.Name)
            {
                case "Format":
                    format = part.ReadText().Trim();
                    break;
                case "Type":
                    type = part.ReadText().Trim();
                    break;
                default:
                    part.Skip();
                    break;
            }
        });
        return (format, type);
    }

    private static string? Address(SyncMlReader reader)
    {
        string? address = null;
        reader.ForEachChild(part =>
        {
            if (part.Name == "LocURI")
            {
                address = part.ReadText().Trim();
            }
            else
            {
                part.Skip();
            }
        });
        return address;
    }
}
