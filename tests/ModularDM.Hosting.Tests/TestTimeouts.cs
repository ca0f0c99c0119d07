namespace ModularDM.Hosting.Tests;

internal static class TestTimeouts
{
    /// <summary>The backstop of every wait for a signal: long enough for a busy machine, short enough to see what hangs.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(30);
}
