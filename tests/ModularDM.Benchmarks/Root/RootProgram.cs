namespace ModularDM.Benchmarks.Root;
internal static class RootProgram { public static Task<int> RunAsync(string[] args) => Task.FromResult(args.Length); }
internal static class PingPong { public const string Command = "ping-pong"; public static int Serve(string s) => s.Length; }
