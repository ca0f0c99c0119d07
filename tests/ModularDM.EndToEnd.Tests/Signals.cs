using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ModularDM.EndToEnd.Tests;

/// <summary>Ends processes, politely or not.</summary>
internal static partial class Signals
{
    private const int SigKill = 9, SigTerm = 15;

    public static void Terminate(int processId) => Send(processId, SigTerm);

    /// <summary>Ends a process that has no say in it; one that is gone already is none the worse.</summary>
    public static void Kill(int processId) => Send(processId, SigKill);

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void Send(int processId, int signal)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SendSignal(processId, signal);
        }
        else if (IsAlive(processId))
        {
            using var process = Process.GetProcessById(processId);
            process.Kill(entireProcessTree: true);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);
}
