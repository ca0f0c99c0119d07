namespace ModularDM.Configurator.Tests;

internal static class TestTimeouts
{
    /// <summary>A backstop: a test that waits this long has failed.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(30);
}
