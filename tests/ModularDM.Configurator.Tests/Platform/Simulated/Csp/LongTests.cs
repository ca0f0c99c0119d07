namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>How often a test of chance is repeated: seldom in a usual run, all of it with <c>MODULARDM_LONG_TESTS=1</c>.</summary>
internal static class LongTests
{
    public static int Count(int usually, int all) => Environment.GetEnvironmentVariable("MODULARDM_LONG_TESTS") == "1" ? all : usually;
}
