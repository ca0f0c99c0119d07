using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.wellBehaved")]
internal sealed class DuplicateSectionSection : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
