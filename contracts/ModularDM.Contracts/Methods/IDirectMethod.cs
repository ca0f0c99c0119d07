namespace ModularDM.Contracts.Methods;

/// <summary>A direct method: acts once and answers.</summary>
/// <remarks>
/// Calls of one plugin may overlap. The hub may repeat a call whose answer was lost, so a method that must not happen twice needs an id in its payload.
/// Calls start on a thread that nobody else needs meanwhile. The token fires at the limit and at shutdown; a call that goes on is abandoned as in <see cref="Twin.ITwinSection"/>.
/// </remarks>
public interface IDirectMethod
{
    /// <summary>Acts and answers.</summary>
    /// <param name="call">The name and the payload.</param>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken);
}
