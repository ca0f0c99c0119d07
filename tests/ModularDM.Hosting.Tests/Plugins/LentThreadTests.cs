using ModularDM.Hosting.Plugins.Calls;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class LentThreadTests
{
    [Fact]
    public async Task TryRun_ThreadIsLent_IsRefusedUntilTheWorkIsOver()
    {
        ThreadPool.GetMinThreads(out int before, out _);
        var lent = new LentThread();
        ThreadPool.GetMinThreads(out int after, out _);
        var begun = new TaskCompletionSource<(bool IsPooled, string? Name)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource();
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool refusedRan = false;

        Assert.True(lent.TryRun("contoso.one", Run, () =>
        {
            begun.SetResult((Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name));
            release.Task.Wait(TestTimeouts.Default);
        }));
        (bool IsPooled, string? Name) seen = await begun.Task.WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        Assert.False(lent.TryRun("contoso.two", Run, () => refusedRan = true));
        release.SetResult();

        Assert.True(SpinWait.SpinUntil(() => lent.TryRun("contoso.two", Run, again.SetResult), TestTimeouts.Default));
        await again.Task.WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        Assert.Equal((true, "contoso.one"), seen);
        Assert.False(refusedRan);
        Assert.True(after > before, "what is lent is missing in the pool");
    }

    private static void Run(Action work) => work();
}
