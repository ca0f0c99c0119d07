using System.Collections.Frozen;
using ModularDM.Configurator.Operations.Csp;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Authorization;

internal sealed partial class PolicyReader
{
    private List<GrantedNodes> CheckNodes(IReadOnlyList<CspEntry>? entries, string grant)
    {
        var nodes = new List<GrantedNodes>();
        if (entries is null)
        {
            return nodes;
        }

        foreach ((int i, CspEntry entry) in Numbered(entries, $"{grant}.csp"))
        {
            string key = $"{grant}.csp[{i}]";
            CspAddress? below = CheckBelow(entry.LocUri ?? string.Empty, $"{key}.locUri");
            var verbs = new HashSet<CspVerb>();
            foreach ((int v, string word) in Numbered(entry.Verbs, $"{key}.verbs"))
            {
                if (!CspWords.TryVerb(word, out CspVerb verb))
                {
                    Say($"{key}.verbs[{v}]", $"'{word}' is no verb; there are {CspWords.Verbs}");
                }
                else
                {
                    verbs.Add(verb);
                }
            }

            if (below is not null)
            {
                nodes.Add(new GrantedNodes(below, verbs.ToFrozenSet(), entry.Secret ?? false));
            }
        }

        return nodes;
    }

    private CspAddress? CheckBelow(string locUri, string key)
    {
        if (!CspAddress.TryParse(locUri, out CspAddress? below, out string? why))
        {
            Say(key, $"{why}; it covers all nodes below it, so it needs no wildcards");
            return null;
        }

        // Everything at once is granted by nobody who means it.
        int least = below.Segments is [var first, ..] && first.Equals("Vendor", StringComparison.OrdinalIgnoreCase) ? 3 : 1;
        if (below.List is not null || below.Segments.Count < least)
        {
            Say(key, $"'{locUri}' names no CSP; name one, as ./Vendor/MSFT/WiFi or ./User/Vendor/MSFT/Policy/Config");
            return null;
        }

        return below;
    }
}
