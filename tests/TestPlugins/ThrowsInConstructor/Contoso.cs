using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.throwsInConstructor")]
internal sealed class ThrowsInConstructorSection : ITwinSection
{
    public ThrowsInConstructorSection(IPluginContext context)
    {
        if (!File.Exists(Path.Combine(context.DataFolder, "mended")))
        {
            throw new InvalidOperationException("no fan found");
        }
    }

    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
