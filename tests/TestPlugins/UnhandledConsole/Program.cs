// Runs one scenario of exceptions that nobody catches, in a process of its own. Exit code 0: the process survived.
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Tests.Plugins;
using ModularDM.Hosting.Twin;

string scenario = args[0], source = args[1];
await using var sandbox = new PluginSandbox();
sandbox.Add("AsyncVoidThrows", source: source);
sandbox.Add("WellBehaved", source: source);
await sandbox.StartAsync();
if (scenario == "own")
{
    var thread = new Thread(() => throw new InvalidOperationException("the application's own"));
    thread.Start();
    thread.Join();
    return 0;
}

var quarantined = new TaskCompletionSource();
sandbox.Catalog.Changed += () =>
{
    if (sandbox.Status("AsyncVoidThrows").State == PluginState.Quarantined)
    {
        quarantined.TrySetResult();
    }
};
var desired = new SectionDesired(new SectionName("contoso", "asyncVoidThrows"), default, scenario == "async-void" ? 1 : 2, [], true);
await sandbox.Section("contoso.asyncVoidThrows").ApplyAsync(desired, CancellationToken.None);
await quarantined.Task.WaitAsync(TimeSpan.FromSeconds(30));
Console.WriteLine(sandbox.Status("AsyncVoidThrows").Reason);
SectionReading other = await sandbox.Section("contoso.wellBehaved").ReadAsync(CancellationToken.None);
Console.WriteLine(other.Error is null ? "other plugin unharmed" : other.Error.ToString());
return 0;
