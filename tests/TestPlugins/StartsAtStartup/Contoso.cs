using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.startsAtStartup")]
internal sealed class StartsAtStartupSection(IPluginContext context) : ITwinSection, IPluginLifecycle
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);

    public async Task StartAsync(CancellationToken cancellationToken) =>
        await context.Messages.SendAsync("{\"event\":\"started\"}"u8.ToArray(), null, cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken) =>
        await context.Messages.SendAsync("{\"event\":\"stopped\"}"u8.ToArray(), null, cancellationToken);
}
