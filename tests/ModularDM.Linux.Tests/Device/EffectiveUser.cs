using System.Runtime.InteropServices;

namespace ModularDM.Linux.Tests.Device;

/// <summary>Runs code on a thread of its own as another user: to the kernel, credentials belong to threads, and a socket keeps those of the thread that connected.</summary>
internal static partial class EffectiveUser
{
    public static Task<T> RunAs<T>(uint uid, Func<T> action)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Become(uid);
                result.SetResult(action());
            }
            catch (Exception e)
            {
                result.TrySetException(e);
            }
        });
        thread.Start();
        return result.Task;
    }

    // By number: the C library's own functions change all threads of the process. The thread ends as it is and is not used again.
    private static void Become(uint uid)
    {
        bool arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        Require(syscall(arm ? 159 : 116, 0, 0, 0), "setgroups");
        Require(syscall(arm ? 149 : 119, -1, (nint)uid, -1), "setresgid");
        Require(syscall(arm ? 147 : 117, -1, (nint)uid, -1), "setresuid");
    }

    private static void Require(long result, string call)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"{call} failed: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, nint first, nint second, nint third);
}
