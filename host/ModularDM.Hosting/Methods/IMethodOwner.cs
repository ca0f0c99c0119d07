using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Methods;

/// <summary>A direct method as the router sees it: a plugin's, bounded in time and leased, or one of the runtime's own.</summary>
internal interface IMethodOwner
{
    /// <summary>The full name, <c>vendor.method</c>.</summary>
    string Name { get; }

    /// <summary>Who owns it: a plugin id, or <c>modulardm.runtime</c>.</summary>
    string PluginId { get; }

    /// <summary>Where long work reports; null if nowhere.</summary>
    SectionName? Reports { get; }

    /// <summary>Calls; throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> fired. A plugin out of time is status 504.</summary>
    Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken);

    /// <summary>Runs the long work of a 202, bounded and leased as the call was; same rule for exceptions.</summary>
    Task<WorkResult> RunWorkAsync(Func<CancellationToken, Task<WorkResult>> work, CancellationToken cancellationToken);
}
