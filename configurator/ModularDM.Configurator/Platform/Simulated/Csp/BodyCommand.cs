using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>One element of a body as a server sent it, right or wrong.</summary>
/// <param name="Verb">The element's name.</param>
/// <param name="Id">The CmdID; null when there is none, or one that is no number.</param>
/// <param name="Items">The nodes that it is about.</param>
/// <param name="Inside">The commands inside it, for Atomic and Sequence.</param>
internal sealed record BodyCommand(string Verb, int? Id, IReadOnlyList<SyncMlItem> Items, IReadOnlyList<BodyCommand> Inside)
{
    private static readonly string[] s_groups = ["Atomic", "Sequence"];

    public bool IsGroup => s_groups.Contains(Verb);

    /// <summary>Reads the commands of a body, with or without the <c>SyncML</c> around it.</summary>
    /// <exception cref="Contracts.Configurator.ConfiguratorException">It is no XML, or breaks a limit.</exception>
    public static IReadOnlyList<BodyCommand> ReadBody(string text)
    {
        var commands = new List<BodyCommand>();
        SyncMlReader.Read(text, "The SyncML", root =>
        {
            if (root.Name == "SyncML")
            {
                root.ForEachChild(part =>
                {
                    if (part.Name == "SyncBody")
                    {
                        part.ForEachChild(command => commands.Add(Read(command)));
                    }
                    else
                    {
                        part.Skip();
                    }
                });
            }
            else
            {
                root.ForEachChild(command => commands.Add(Read(command)));
            }
        });
        return commands;
    }

    private static BodyCommand Read(SyncMlReader reader)
    {
        string verb = reader.Name;
        bool isGroup = s_groups.Contains(verb);
        int? id = null;
        string? format = null;
        List<SyncMlItem>? items = null;
        List<BodyCommand>? inside = null;
        reader.ForEachChild(part =>
        {
            switch (part.Name)
            {
                case "CmdID":
                    id = part.ReadNumber();
                    break;
                case "Meta":
                    (format, _) = SyncMlItem.Meta(part);
                    break;
                case "Item" when !isGroup:
                    (items ??= []).Add(SyncMlItem.Read(part));
                    break;
                default:
                    if (isGroup)
                    {
                        (inside ??= []).Add(Read(part));
                    }
                    else
                    {
                        part.Skip();
                    }

                    break;
            }
        });
        if (format is not null && items is not null)
        {
            items = items.ConvertAll(item => item with { Format = item.Format ?? format });
        }

        return new BodyCommand(verb, id, items ?? (IReadOnlyList<SyncMlItem>)[], inside ?? (IReadOnlyList<BodyCommand>)[]);
    }
}
