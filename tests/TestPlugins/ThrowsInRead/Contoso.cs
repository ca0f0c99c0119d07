using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.throwsInRead")]
internal sealed class ThrowsInReadSection : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => throw new FormatException("no sensor");
}
