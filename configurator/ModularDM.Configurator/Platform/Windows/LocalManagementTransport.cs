using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>
/// The local management API of Windows. It wants one thread for all its calls and cannot be interrupted, so it has a thread of its own and callers wait
/// for it no longer than they may.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed partial class LocalManagementTransport : ICspTransport, IDisposable
{
    private const int EmbeddedModeOff = unchecked((int)0x8007139F);
    private readonly Queue<Call> _calls = new();
    private readonly object _gate = new();
    private bool _stopped;

    public LocalManagementTransport() => new Thread(Work) { IsBackground = true, Name = "syncml" }.Start();

    public string Apply(string syncBody, TimeSpan limit)
    {
        var call = new Call(syncBody);
        lock (_gate)
        {
            _calls.Enqueue(call);
            Monitor.Pulse(_gate);
        }

        // Waiting by index, since Wait would wrap the exception.
        return Task.WaitAny([call.Answer.Task], limit) == 0
            ? call.Answer.Task.GetAwaiter().GetResult()
            : throw ConfiguratorException.Timeout("The device management engine", limit);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Work()
    {
        while (Next() is { } call)
        {
            try
            {
                call.Answer.SetResult(Apply(call.Body));
            }
            catch (ConfiguratorException e)
            {
                call.Answer.SetException(e);
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
            {
                call.Answer.SetException(ConfiguratorException.NotSupported("This Windows has no local device management.", e.Message));
            }
        }
    }

    private Call? Next()
    {
        lock (_gate)
        {
            while (_calls.Count == 0 && !_stopped)
            {
                Monitor.Wait(_gate);
            }

            return _stopped ? null : _calls.Dequeue();
        }
    }

    private static string Apply(string body)
    {
        Check(RegisterDeviceWithLocalManagement(out _), "RegisterDeviceWithLocalManagement");
        int result = ApplyLocalManagementSyncML(body, out IntPtr answer);
        try
        {
            Check(result, "ApplyLocalManagementSyncML");
            return Marshal.PtrToStringUni(answer) ?? string.Empty;
        }
        finally
        {
            _ = LocalFree(answer);
        }
    }

    private static void Check(int result, string call)
    {
        if (result >= 0)
        {
            return;
        }

        throw result == EmbeddedModeOff
            ? ConfiguratorException.NotSupported("Embedded mode is off, so this Windows takes no local device management. Switch it on with a provisioning package.", "0x8007139F")
            : new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{call} failed: {Marshal.GetPInvokeErrorMessage(result)}", $"0x{result:X8}"));
    }

    [LibraryImport("mdmlocalmanagement.dll")]
    private static partial int RegisterDeviceWithLocalManagement(out int alreadyRegistered);

    [LibraryImport("mdmlocalmanagement.dll", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int ApplyLocalManagementSyncML(string request, out IntPtr result);

    [LibraryImport("kernel32.dll")]
    private static partial IntPtr LocalFree(IntPtr memory);

    private sealed record Call(string Body)
    {
        public TaskCompletionSource<string> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
