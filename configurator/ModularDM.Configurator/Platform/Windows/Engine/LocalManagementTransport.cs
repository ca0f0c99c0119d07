using System.Runtime.InteropServices;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>
/// The local management API of Windows. It must be called as SYSTEM, from a 64-bit process, on one thread, after a registration. Nodes of <c>./User</c> are asked for
/// in the name of the user at the machine.
/// </summary>
internal sealed class LocalManagementTransport : ICspTransport, IDisposable
{
    public const int MaxRequestChars = 1024 * 1024;
    public const int MaxAnswerChars = 4 * 1024 * 1024;
    private readonly ILocalManagementApi _api;
    private readonly IUserContext _user;
    private readonly EngineThread _thread;
    private bool _registered;

    public LocalManagementTransport(ILocalManagementApi api, IUserContext user)
    {
        _api = api;
        _user = user;
        _thread = new EngineThread("syncml", Ask);
    }

    public string Apply(string syncBody, TimeSpan limit) => syncBody.Length <= MaxRequestChars
        ? _thread.Run(syncBody, limit)
        : throw ConfiguratorException.InvalidArgument($"SyncML of {syncBody.Length} characters is over the limit of {MaxRequestChars}.");

    public void Dispose() => _thread.Dispose();

    private string Ask(string body)
    {
        bool ofUser = SyncMlScope.IsOfUser(body);
        try
        {
            if (!_registered)
            {
                MdmResult.Check("RegisterDeviceWithLocalManagement", _api.Register());
                _registered = true;
            }

            using IDisposable? user = ofUser ? _user.Enter() : null;
            int result = _api.Apply(body, out IntPtr answer);
            try
            {
                MdmResult.Check("ApplyLocalManagementSyncML", result);
                return Read(answer);
            }
            finally
            {
                if (answer != IntPtr.Zero)
                {
                    _api.Free(answer);
                }
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw ConfiguratorException.NotSupported("This Windows has no local device management (mdmlocalmanagement.dll).", e.Message);
        }
    }

    private static unsafe string Read(IntPtr answer)
    {
        ReadOnlySpan<char> text = answer == IntPtr.Zero ? [] : MemoryMarshal.CreateReadOnlySpanFromNullTerminated((char*)answer);
        return text.Length <= MaxAnswerChars
            ? text.ToString()
            : throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, $"The device management engine answered with {text.Length} characters; at most {MaxAnswerChars} are read. Ask for a smaller part."));
    }
}
