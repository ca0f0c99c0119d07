using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.throwsInApply")]
internal sealed class ThrowsInApplySection(IPluginContext context) : ITwinSection
{
    public async Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        if (desired.Version == 2)
        {
            await context.Configurator.SendAsync(new ModularDM.Contracts.Configurator.GetTimeZone(), cancellationToken);
        }

        return desired.Version == 3 ? ApplyResult.Completed : throw new InvalidOperationException("password=hunter2");
    }

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
