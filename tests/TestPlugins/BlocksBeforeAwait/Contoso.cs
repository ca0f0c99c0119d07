using ModularDM.Contracts;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.blocksBeforeAwait", ApplyTimeoutSeconds = 60)]
internal sealed class BlocksBeforeAwaitSection : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        new ManualResetEventSlim().Wait(cancellationToken);
        return Task.FromResult(ApplyResult.Completed);
    }

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}

[DirectMethod("contoso.waitAsync", TimeoutSeconds = 1)]
internal sealed class WaitMethod : IDirectMethod
{
    public Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken)
    {
        new ManualResetEventSlim().Wait(cancellationToken);
        return Task.FromResult(MethodResult.Done);
    }
}
