using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.privateDependency")]
internal sealed class PrivateDependencySection : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) =>
        Task.FromResult(ApplyResult.Failed(new SectionError("", "answer", PrivateLibrary.Answers.Ultimate)));

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
