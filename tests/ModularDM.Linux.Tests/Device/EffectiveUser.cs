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
                try
                {
                    result.SetResult(action());
                }
                finally
                {
                    Become(0);
                }
            }
            catch (Exception e)
            {
                result.TrySetException(e);
            }
        });
        thread.Start();
        return result.Task;
    }

    // By number: the C library's own setresuid changes all threads of the process.
    private static void Become(uint uid)
    {
        long setresuid = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117;
        if (syscall(setresuid, -1, (nint)uid, -1) != 0)
        {
            throw new InvalidOperationException($"setresuid failed: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, nint real, nint effective, nint saved);
}
