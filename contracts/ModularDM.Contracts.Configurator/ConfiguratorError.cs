namespace ModularDM.Contracts.Configurator;

/// <summary>An error as it crosses the wire.</summary>
/// <param name="Code">The neutral code.</param>
/// <param name="Message">A sentence for a person: what, where, what is allowed.</param>
/// <param name="Detail">The platform's own name for it: a D-Bus error name, a SyncML status, an exit code.</param>
/// <param name="ErrCode">The number to put in <c>lastChange.errCode</c>, where the operation has one of its own (<c>0xA0008100</c> and the like).</param>
/// <param name="Confirmation">With <see cref="ConfiguratorErrorCode.ConfirmationNeeded"/>: what to send, and until when.</param>
public sealed record ConfiguratorError(
    ConfiguratorErrorCode Code, string Message, string? Detail = null, int? ErrCode = null, ConfirmationOffer? Confirmation = null);

/// <summary>What turns a request that was held back into one that is done.</summary>
/// <param name="Confirm">The word to put into <see cref="ConfiguratorRequest.Confirm"/>.</param>
/// <param name="Expires">Until when it holds, by root's clock.</param>
public sealed record ConfirmationOffer(string Confirm, DateTimeOffset Expires)
{
    /// <summary>When it expires; whoever has the word can use it, so it is left out.</summary>
    public override string ToString() => $"confirmation until {Expires:O}";
}
