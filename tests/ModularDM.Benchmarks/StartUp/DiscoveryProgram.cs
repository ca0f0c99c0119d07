namespace ModularDM.Benchmarks.StartUp;
internal static class DiscoveryProgram { public static Task<int> RunAsync(string[] args) => Task.FromResult(args.Length); }
