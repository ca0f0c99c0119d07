using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

[TwinSection("contoso.ignoresCancellation", ApplyTimeoutSeconds = 1)]
internal sealed class IgnoresCancellationSection(IPluginContext context) : ITwinSection
{
    public async Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        await Task.Run(() => cancellationToken.WaitHandle.WaitOne(), CancellationToken.None);
        var release = (TaskCompletionSource)AppDomain.CurrentDomain.GetData("release " + context.DataFolder)!;
        await release.Task;
        try
        {
            await context.Configurator.SendAsync(new ModularDM.Contracts.Configurator.GetTimeZone(), CancellationToken.None);
        }
        catch (OperationCanceledException e)
        {
            ((TaskCompletionSource<Exception>)AppDomain.CurrentDomain.GetData("seen " + context.DataFolder)!).SetResult(e);
        }

        return ApplyResult.Completed;
    }

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);
}
