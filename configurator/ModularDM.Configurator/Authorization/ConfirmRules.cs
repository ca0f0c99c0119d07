using System.Collections.Frozen;

namespace ModularDM.Configurator.Authorization;

/// <summary>What has to happen before a granted operation is performed.</summary>
internal enum ConfirmMode
{
    /// <summary>Nothing: the call is enough.</summary>
    OneCall,

    /// <summary>The same call once more, with the word that the first one brought. Guards against slips, not against a hostile host.</summary>
    TwoCalls,

    /// <summary>As two calls, and in between somebody with root's rights on the device approves.</summary>
    LocalApproval,

    /// <summary>It is never performed.</summary>
    Deny,
}

/// <summary>The policy's modes by operation; one that is not named has the mode that it asks for itself.</summary>
internal sealed record ConfirmRules(FrozenDictionary<string, ConfirmMode> Modes, TimeSpan Limit)
{
    public static ConfirmRules None { get; } = new(FrozenDictionary<string, ConfirmMode>.Empty, TimeSpan.FromSeconds(120));

    public ConfirmMode ModeOf(string operation, ConfirmMode byDefault) => Modes.TryGetValue(operation, out ConfirmMode mode) ? mode : byDefault;
}
