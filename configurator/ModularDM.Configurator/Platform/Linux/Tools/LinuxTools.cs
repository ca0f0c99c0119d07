using System.ComponentModel;
using System.Diagnostics;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Tools;

/// <summary>Programs of the device's maker as child processes: no shell, no input, an environment of two fixed variables.</summary>
internal sealed class LinuxTools : IToolArea
{
    // A child that outlives its parent may hold the pipes open; its words are not waited for.
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    public ToolOutput Run(GrantedTool tool, IReadOnlyList<string> arguments, OperationContext context)
    {
        context.Step("check tool", () => Check(tool.Path));
        return context.Step("run tool", () =>
        {
            using Process process = Start(tool, arguments);
            return Attend(process, tool, context);
        });
    }

    private static void Check(string path)
    {
        string? wrong;
        try
        {
            wrong = TrustedProgram.WrongWith(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.NotFound, $"The tool '{path}' is not there.", e.Message), e);
        }

        if (wrong is not null)
        {
            throw ConfiguratorException.Denied($"The tool is not started, because somebody other than root could have changed it: {wrong}.");
        }
    }

    private static Process Start(GrantedTool tool, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(tool.Path)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = tool.WorkingFolder,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"The tool '{tool.Path}' could not be started.", e.Message), e);
        }
    }

    private static ToolOutput Attend(Process process, GrantedTool tool, OperationContext context)
    {
        var output = new CappedOutput(process.StandardOutput.BaseStream, tool.MaxOutputBytes);
        var error = new CappedOutput(process.StandardError.BaseStream, tool.MaxOutputBytes);
        using var closing = new CancellationTokenSource();
        Task reading = Task.WhenAll(output.ReadAsync(closing.Token), error.ReadAsync(closing.Token));
        try
        {
            Await(process, tool, context);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            closing.Cancel();
            throw;
        }

        ReadLastWords(reading, closing);
        return new ToolOutput { ExitCode = process.ExitCode, Output = output.Text(), ErrorOutput = error.Text(), Truncated = output.Truncated || error.Truncated };
    }

    private static void Await(Process process, GrantedTool tool, OperationContext context)
    {
        TimeSpan remaining = context.Remaining;
        TimeSpan limit = remaining < tool.TimeLimit ? remaining : tool.TimeLimit;
        using var timer = new CancellationTokenSource(limit, context.Clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.CancellationToken);
        try
        {
            process.WaitForExitAsync(either.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            throw ConfiguratorException.Revoked("runAllowedTool");
        }
        catch (OperationCanceledException)
        {
            throw ConfiguratorException.Timeout($"The tool '{tool.Name}'", limit);
        }
    }

    private static void ReadLastWords(Task reading, CancellationTokenSource closing)
    {
        try
        {
            reading.WaitAsync(s_lastWords, TimeProvider.System).GetAwaiter().GetResult();
        }
        catch (TimeoutException)
        {
            closing.Cancel();
        }
        catch (IOException)
        {
            // What was read so far is what there is.
        }
    }
}
