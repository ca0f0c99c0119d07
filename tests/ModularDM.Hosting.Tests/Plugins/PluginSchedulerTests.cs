using ModularDM.Hosting.Plugins.Calls;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class PluginSchedulerTests
{
    [Fact]
    public async Task Complete_WaiterBeginsAnotherCall_RunsNextOnTheSameThread()
    {
        using var scheduler = new PluginScheduler("contoso.one", maxRunning: 4, maxWaiting: 4);
        var first = new TaskCompletionSource<int>();
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int firstThread = 0, secondThread = 0;
        bool completed = false, inside = false;
        Task<bool> begun = first.Task.ContinueWith(
            _ => scheduler.TryEnqueue(new Work(() =>
            {
                (secondThread, inside) = (Environment.CurrentManagedThreadId, !completed);
                scheduler.OnFinished();
                over.SetResult();
            })),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        Assert.True(scheduler.TryEnqueue(new Work(() =>
        {
            firstThread = Environment.CurrentManagedThreadId;
            scheduler.OnFinished();
            scheduler.Complete(first, 0);
            completed = true;
        })));

        await over.Task.WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        Assert.True(await begun);
        Assert.Equal(firstThread, secondThread);
        Assert.False(inside, "the second call ran inside the first");
    }

    [Fact]
    public async Task TryEnqueue_CallsThatBlock_HoldOneThreadOfThePoolAtMost()
    {
        using var scheduler = new PluginScheduler("contoso.one", maxRunning: 4, maxWaiting: 4);
        var allBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int begun = 0, pooled = 0;
        for (int i = 0; i < 4; i++)
        {
            Assert.True(scheduler.TryEnqueue(new Work(() =>
            {
                Interlocked.Add(ref pooled, Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
                if (Interlocked.Increment(ref begun) == 4)
                {
                    allBegun.SetResult();
                }

                over.Task.Wait(TestTimeouts.Default);
                scheduler.OnFinished();
            })));
        }

        await allBegun.Task.WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        over.SetResult();
        Assert.InRange(pooled, 0, 1);
    }

    private sealed class Work(Action code) : IPluginWork
    {
        public void Start() => code();
    }
}
