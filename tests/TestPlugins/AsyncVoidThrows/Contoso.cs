using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.asyncVoidThrows")]
internal sealed class AsyncVoidThrowsSection : ITwinSection
{
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        if (desired.Version == 1)
        {
            Forget();
        }
        else
        {
            new Thread(() => throw new InvalidOperationException("thrown on a thread")).Start();
        }

        return Task.FromResult(ApplyResult.Completed);
    }

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);

    private static async void Forget()
    {
        await Task.Yield();
        throw new InvalidOperationException("thrown from async void");
    }
}
