using System.Diagnostics;

namespace ModularDM.Linux.Tests.Containers;

/// <summary>Runs a program to its end, within a limit.</summary>
internal static class Command
{
    public static async Task<CommandResult> RunAsync(TimeSpan limit, string program, params IEnumerable<string> arguments)
    {
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        process.Start();
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(limit, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {limit.TotalSeconds} s.");
        }

        return new CommandResult(process.ExitCode, await output, await error);
    }
}

internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The output without line breaks around it, of a program that succeeded.</summary>
    public string Text => ExitCode == 0 ? Output.Trim() : throw new InvalidOperationException($"exit {ExitCode}: {Output}{Error}");
}
