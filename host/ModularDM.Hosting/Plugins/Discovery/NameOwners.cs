using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>Settles who owns an id, a section or a method that two plugins claim: the first in order keeps it, the later plugin is refused as a whole.</summary>
internal static class NameOwners
{
    public static IReadOnlyList<FoundPlugin> Settle(IReadOnlyList<FoundPlugin> inOrder)
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        var sections = new Dictionary<SectionName, string>();
        var methods = new Dictionary<string, string>(StringComparer.Ordinal);
        var settled = new List<FoundPlugin>(inOrder.Count);
        foreach (FoundPlugin plugin in inOrder)
        {
            if (plugin.Reason is not null)
            {
                settled.Add(plugin);
                continue;
            }

            string? reason = ids.TryGetValue(plugin.Id, out string? folder) ? Refusal.IdTaken(folder) : Conflict(plugin, sections, methods);
            if (reason is null)
            {
                ids.Add(plugin.Id, plugin.Folder);
                foreach (SectionName section in plugin.OwnedSections)
                {
                    sections.Add(section, plugin.Id);
                }

                foreach (MethodExport method in plugin.Methods)
                {
                    methods.Add(method.Name, plugin.Id);
                }
            }

            settled.Add(plugin with { Reason = reason });
        }

        return settled;
    }

    private static string? Conflict(FoundPlugin plugin, Dictionary<SectionName, string> sections, Dictionary<string, string> methods)
    {
        List<string>? conflicts = null;
        foreach (SectionName section in plugin.OwnedSections)
        {
            if (sections.TryGetValue(section, out string? owner))
            {
                (conflicts ??= []).Add(Refusal.OwnedBy("section", section.ToString(), owner));
            }
        }

        foreach (MethodExport method in plugin.Methods)
        {
            if (methods.TryGetValue(method.Name, out string? owner))
            {
                (conflicts ??= []).Add(Refusal.OwnedBy("method", method.Name, owner));
            }
        }

        return conflicts is null ? null : string.Join("; ", conflicts);
    }
}
