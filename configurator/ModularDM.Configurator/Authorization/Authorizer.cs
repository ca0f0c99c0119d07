using ModularDM.Configurator.Operations.Csp;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Authorization;

/// <summary>What one connection's caller may do: the parts of the policy that are about it, worked out once.</summary>
internal sealed partial class Authorizer
{
    private const int MaxRemembered = 256;
    private readonly CallerIdentity _caller;
    private readonly List<PolicyCaller> _entries;
    private readonly Dictionary<string, PolicyGrant[]> _byPlugin = new(StringComparer.Ordinal);

    public Authorizer(Policy policy, CallerIdentity caller)
    {
        _caller = caller;
        _entries = [.. policy.Callers.Where(entry => entry.Subject.Matches(caller))];
    }

    /// <summary>False when the policy has no entry for the caller at all.</summary>
    public bool IsKnown => _entries.Count > 0;

    public string Describe() => _entries.Count == 0 ? _caller.ToString() : string.Join(", ", _entries.Select(entry => entry.Subject));

    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.Denied"/>; the message says which line would allow it.</exception>
    public GrantedThing? Authorize(string plugin, string operation, ConfiguratorRequest request) => request switch
    {
        ReadDeviceAttribute read => Authorize(plugin, operation, read.Name, null),
        WriteDeviceAttribute write => Authorize(plugin, operation, write.Name, write.Value),
        RunAllowedTool run => AuthorizeTool(plugin, operation, run.Name, run.Arguments),
        WriteAllowedFile write => AuthorizeFile(plugin, operation, write.Name, write.Contents),
        CspCommand csp => AuthorizeNode(plugin, operation, csp.LocUri, csp.Verb),
        _ => Authorize(plugin, operation, null, null),
    };

    /// <inheritdoc cref="Authorize(string, string, ConfiguratorRequest)"/>
    public GrantedAttribute? Authorize(string plugin, string operation, string? attributeName, string? written)
    {
        bool operationGranted = false;
        GrantedAttribute? found = null;
        foreach (PolicyGrant grant in GrantsFor(plugin))
        {
            if (!grant.Operations.Contains(operation))
            {
                continue;
            }

            operationGranted = true;
            if (attributeName is null)
            {
                return null;
            }

            if (grant.Attributes.TryGetValue(attributeName, out GrantedAttribute? attribute))
            {
                found = attribute;
                if (written is null || attribute.Pattern?.IsMatch(written) == true)
                {
                    return attribute;
                }
            }
        }

        throw ConfiguratorException.Denied(Explain(plugin, operation, attributeName, operationGranted, found));
    }

    /// <inheritdoc cref="Authorize(string, string, ConfiguratorRequest)"/>
    public GrantedNodes AuthorizeNode(string plugin, string operation, string locUri, CspVerb verb)
    {
        PolicyGrant[] grants = [.. GrantsFor(plugin).Where(grant => grant.Operations.Contains(operation))];
        if (grants.Length == 0)
        {
            throw ConfiguratorException.Denied(Explain(plugin, operation, null, operationGranted: false, null));
        }

        if (!CspAddress.TryParse(locUri, out CspAddress? address, out string? why))
        {
            throw ConfiguratorException.InvalidArgument($"locUri is no address of a node: {why}.");
        }

        GrantedNodes[] covering = [.. grants.SelectMany(grant => grant.Nodes).Where(nodes => nodes.Below.Covers(address))];
        if (covering.FirstOrDefault(nodes => nodes.Verbs.Contains(verb)) is { } granted)
        {
            // A value that one line calls a secret is one, whichever line allows the verb.
            return granted with { Secret = covering.Any(nodes => nodes.Secret) };
        }

        string word = CspWords.Of(verb);
        string who = Who(plugin, operation);
        throw ConfiguratorException.Denied(covering.Length > 0
            ? $"{who} to {word} '{address.Path}': add \"{word}\" to the verbs of \"{covering[0].Below}\"."
            : $"{who} to {word} '{address.Path}': add to the \"csp\" of that grant {{ \"locUri\": \"{address.Path}\", \"verbs\": [\"{word}\"] }}.");
    }

    private string Who(string plugin, string operation) => $"{_caller} may not send '{operation}' for plugin '{plugin}'";

    private string Explain(string plugin, string operation, string? attribute, bool operationGranted, GrantedAttribute? found)
    {
        string who = Who(plugin, operation);
        string where = _entries.Count == 0
            ? $"no entry of \"callers\" is about it; add {{ \"subject\": \"{SuggestSubject()}\"{SuggestUser()}, \"grants\": [ ... ] }} with"
            : $"add to the grants of \"{_entries[0].Subject}\":";
        if (!operationGranted)
        {
            return $"{who}: {where} {{ \"plugin\": \"{plugin}\", \"operations\": [\"{operation}\"] }}.";
        }

        if (found is null)
        {
            return $"{who} on attribute '{attribute}': add to the attributes of that grant {{ \"name\": \"{attribute}\", \"path\": \"...\" }}.";
        }

        return found.Pattern is null
            ? $"{who} on attribute '{attribute}': it has no \"pattern\", so it can only be read."
            : $"{who} on attribute '{attribute}' with this value: its \"pattern\" does not match.";
    }

    private string SuggestSubject() => _caller.Sid is { } sid ? $"sid:{sid}" : _caller.Unit is { } unit ? $"unit:{unit}" : $"uid:{_caller.Uid}";

    private string SuggestUser() => _caller.Sid is null && _caller.Unit is not null ? $", \"user\": \"{_caller.Uid}\"" : string.Empty;

    private PolicyGrant[] GrantsFor(string plugin)
    {
        lock (_byPlugin)
        {
            if (!_byPlugin.TryGetValue(plugin, out PolicyGrant[]? grants))
            {
                grants = [.. _entries.SelectMany(entry => entry.Grants).Where(grant => grant.Covers(plugin))];
                if (_byPlugin.Count < MaxRemembered)
                {
                    _byPlugin.Add(plugin, grants);
                }
            }

            return grants;
        }
    }
}
