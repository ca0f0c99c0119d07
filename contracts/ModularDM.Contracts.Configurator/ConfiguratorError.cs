namespace ModularDM.Contracts.Configurator;

/// <summary>An error as it crosses the wire.</summary>
/// <param name="Code">The neutral code.</param>
/// <param name="Message">A sentence for a person: what, where, what is allowed.</param>
/// <param name="Detail">The platform's own name for it: a D-Bus error name, a SyncML status, an exit code.</param>
/// <param name="ErrCode">The number to put in <c>lastChange.errCode</c>, where the operation has one of its own (<c>0xA0008100</c> and the like).</param>
public sealed record ConfiguratorError(ConfiguratorErrorCode Code, string Message, string? Detail = null, int? ErrCode = null);
