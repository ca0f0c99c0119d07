using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.unsatisfiedImport")]
internal sealed class UnsatisfiedImportSection(IPluginContext context, IServiceProvider services) : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(context == services ? null! : ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
