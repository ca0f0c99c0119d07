using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.throwsInStop")]
internal sealed class ThrowsInStopSection : ITwinSection, IPluginLifecycle
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("the valve is stuck");
}
