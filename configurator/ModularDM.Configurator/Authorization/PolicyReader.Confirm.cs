using System.Collections.Frozen;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Authorization;

internal sealed partial class PolicyReader
{
    private ConfirmRules CheckConfirm(PolicyDocument document)
    {
        Range("confirmSeconds", document.ConfirmSeconds, 5, 3600);
        var modes = new Dictionary<string, ConfirmMode>(StringComparer.Ordinal);
        foreach ((string operation, string word) in document.Confirm ?? new Dictionary<string, string>())
        {
            if (!s_operations.Contains(operation))
            {
                Say($"confirm.{operation}", $"'{operation}' is no operation; there are {string.Join(", ", ConfiguratorOperations.All)}");
            }

            switch (word)
            {
                case "oneCall":
                    modes[operation] = ConfirmMode.OneCall;
                    break;
                case "twoCalls":
                    modes[operation] = ConfirmMode.TwoCalls;
                    break;
                case "localApproval":
                    modes[operation] = ConfirmMode.LocalApproval;
                    break;
                case "deny":
                    modes[operation] = ConfirmMode.Deny;
                    break;
                default:
                    Say($"confirm.{operation}", $"'{word}' is none of oneCall, twoCalls, localApproval, deny");
                    break;
            }
        }

        return new ConfirmRules(modes.ToFrozenDictionary(StringComparer.Ordinal), TimeSpan.FromSeconds(document.ConfirmSeconds ?? 120));
    }
}
