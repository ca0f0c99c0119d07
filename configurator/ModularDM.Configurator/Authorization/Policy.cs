using System.Collections.Frozen;
using System.Text.RegularExpressions;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Authorization;

/// <summary>Who may do what. Read once at start, checked as a whole, never changed.</summary>
internal sealed record Policy(IReadOnlyList<PolicyCaller> Callers, RebootRules Reboot)
{
    public ConfirmRules Confirm { get; init; } = ConfirmRules.None;
}

/// <summary>One subject and its grants.</summary>
internal sealed record PolicyCaller(PolicySubject Subject, IReadOnlyList<PolicyGrant> Grants);

/// <summary>One plugin's grant. <see cref="Plugin"/> is an id, or ends in <c>.*</c>.</summary>
internal sealed record PolicyGrant(
    string Plugin, FrozenSet<string> Operations, FrozenDictionary<string, GrantedAttribute> Attributes, IReadOnlyList<GrantedNodes> Nodes)
{
    public IReadOnlyList<GrantedTool> Tools { get; init; } = [];

    public IReadOnlyList<GrantedFile> Files { get; init; } = [];

    public bool Covers(string plugin) => Plugin.EndsWith(".*", StringComparison.Ordinal)
        ? plugin.Length > Plugin.Length - 1 && plugin.AsSpan().StartsWith(Plugin.AsSpan(0, Plugin.Length - 1), StringComparison.Ordinal)
        : Plugin == plugin;
}

/// <summary>What a request is about, as far as the policy names it.</summary>
internal abstract record GrantedThing(bool Secret);

/// <summary>An attribute as granted: its file, and what may be written to it (null: nothing).</summary>
internal sealed record GrantedAttribute(string Name, string Path, Regex? Pattern, bool Secret = false) : GrantedThing(Secret);

/// <summary>A node of the CSP tree with all below it, and what may be done there.</summary>
internal sealed record GrantedNodes(CspAddress Below, FrozenSet<CspVerb> Verbs, bool Secret = false) : GrantedThing(Secret);

/// <summary>When commanded reboots may happen.</summary>
internal sealed record RebootRules(bool AllowReboots, int? ActiveHoursStart, int? ActiveHoursEnd, TimeSpan Grace, TimeSpan MaxLease)
{
    /// <summary>True when <paramref name="local"/> lies in the active hours; an interval may cross midnight, and one of no length is none.</summary>
    public bool IsActiveAt(DateTimeOffset local)
    {
        if (ActiveHoursStart is not { } start || ActiveHoursEnd is not { } end || start == end)
        {
            return false;
        }

        return start < end ? local.Hour >= start && local.Hour < end : local.Hour >= start || local.Hour < end;
    }
}
