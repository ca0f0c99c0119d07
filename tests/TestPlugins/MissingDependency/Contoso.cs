using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.missingDependency")]
internal sealed class MissingDependencySection : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) =>
        Task.FromResult(ApplyResult.Failed(new SectionError("", "answer", PrivateLibrary.Answers.Ultimate)));

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
