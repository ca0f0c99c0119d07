using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>Checks names and limits on the attributes of one plugin: whose vendor, which form, how long. Collects all that is wrong.</summary>
internal sealed class NameRules(string pluginId, bool isCore, PluginsOptions options)
{
    /// <summary>The runtime's own vendor.</summary>
    public const string RuntimeVendor = "modularDM";

    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>True for a vendor of which only the core folder may bring names.</summary>
    public static bool IsReserved(string vendor, PluginsOptions options) =>
        vendor.Equals(RuntimeVendor, StringComparison.OrdinalIgnoreCase) || vendor.Equals(options.CoreVendor, StringComparison.OrdinalIgnoreCase);

    public List<SectionExport> Sections(IReadOnlyList<ExportAttributeFacts> attributes)
    {
        var sections = new List<SectionExport>(attributes.Count);
        foreach (ExportAttributeFacts attribute in attributes)
        {
            if (Constructible(attribute) && Owned(attribute, "section", attribute.Name) is { } name)
            {
                sections.Add(new SectionExport(
                    attribute.TypeName,
                    name,
                    After(attribute),
                    Limit(attribute, nameof(TwinSectionAttribute.ApplyTimeoutSeconds), 60, TwinSectionAttribute.MaxTimeoutSeconds, options.MaxApplySeconds),
                    Limit(attribute, nameof(TwinSectionAttribute.ReadTimeoutSeconds), 10, TwinSectionAttribute.MaxTimeoutSeconds, options.MaxReadSeconds),
                    attribute.Named.GetValueOrDefault(nameof(TwinSectionAttribute.ApplyAtBoot)) is true,
                    attribute.Named.GetValueOrDefault(nameof(TwinSectionAttribute.HoldsSecrets)) is true));
            }
        }

        Twice("section", sections.Select(s => s.Name.ToString()));
        return sections;
    }

    public List<MethodExport> Methods(IReadOnlyList<ExportAttributeFacts> attributes)
    {
        var methods = new List<MethodExport>(attributes.Count);
        foreach (ExportAttributeFacts attribute in attributes)
        {
            if (Constructible(attribute) && Owned(attribute, "method", attribute.Name) is { } name)
            {
                string? reports = attribute.Named.GetValueOrDefault(nameof(DirectMethodAttribute.Reports)) as string;
                methods.Add(new MethodExport(
                    attribute.TypeName,
                    name.ToString(),
                    reports is null ? null : Owned(attribute, "section", reports),
                    Limit(attribute, nameof(DirectMethodAttribute.TimeoutSeconds), 25, DirectMethodAttribute.MaxTimeoutSeconds, options.MaxMethodSeconds),
                    Limit(attribute, nameof(DirectMethodAttribute.WorkTimeoutSeconds), 300, 86_400, options.MaxWorkSeconds)));
            }
        }

        Twice("method", methods.Select(m => m.Name));
        return methods;
    }

    private List<SectionName> After(ExportAttributeFacts attribute)
    {
        var after = new List<SectionName>();
        foreach (string written in attribute.Named.GetValueOrDefault(nameof(TwinSectionAttribute.After)) as string[] ?? [])
        {
            if (Parsed(attribute, written) is { } name)
            {
                after.Add(name);
            }
        }

        return after;
    }

    private bool Constructible(ExportAttributeFacts attribute)
    {
        if (!attribute.IsConstructible)
        {
            _problems.Add(Refusal.NotConstructible(attribute.TypeName));
        }

        return attribute.IsConstructible;
    }

    private SectionName? Parsed(ExportAttributeFacts attribute, string? name)
    {
        try
        {
            return SectionName.Parse(name ?? "", options.CoreVendor);
        }
        catch (FormatException e)
        {
            _problems.Add(Refusal.BadName(attribute.TypeName, e.Message.TrimEnd('.')));
            return null;
        }
    }

    private SectionName? Owned(ExportAttributeFacts attribute, string kind, string? name)
    {
        if (Parsed(attribute, name) is not { } parsed)
        {
            return null;
        }

        ReadOnlySpan<char> own = pluginId.AsSpan(0, pluginId.IndexOf('.', StringComparison.Ordinal));
        if (IsReserved(parsed.Vendor, options) ? isCore : own.Equals(parsed.Vendor, StringComparison.OrdinalIgnoreCase))
        {
            return parsed;
        }

        _problems.Add(IsReserved(parsed.Vendor, options)
            ? $"{kind} '{parsed}': {Refusal.ReservedVendor(parsed.Vendor)}"
            : Refusal.ForeignVendor(kind, parsed.ToString(), pluginId));
        return null;
    }

    private TimeSpan Limit(ExportAttributeFacts attribute, string key, int otherwise, int most, int cap)
    {
        int seconds = attribute.Seconds(key, otherwise);
        if (seconds < 1 || seconds > most)
        {
            _problems.Add(Refusal.BadLimit(attribute.TypeName, key, seconds, most));
        }

        return TimeSpan.FromSeconds(Math.Min(seconds, cap));
    }

    private void Twice(string kind, IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        _problems.AddRange(names.Where(name => !seen.Add(name)).Select(name => Refusal.DeclaredTwice(kind, name)));
    }
}
