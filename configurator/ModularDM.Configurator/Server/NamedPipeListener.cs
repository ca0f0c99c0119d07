using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using ModularDM.Configurator.Authorization;

namespace ModularDM.Configurator.Server;

/// <summary>Listens on a named pipe (Windows). The caller is whoever its token says.</summary>
/// <param name="name">The pipe's name.</param>
/// <param name="sids">Whom the policy names: they may open the pipe beside SYSTEM, and nobody over the network.</param>
[SupportedOSPlatform("windows")]
internal sealed partial class NamedPipeListener(string name, IReadOnlyList<string> sids) : IConnectionListener
{
    private bool _first = true;

    public string Endpoint => @"\\.\pipe\" + name;

    public async Task<Connection> AcceptAsync(CancellationToken cancellationToken)
    {
        // The first instance claims the name, so that nobody else can have been there before.
        PipeOptions options = PipeOptions.Asynchronous | (_first ? PipeOptions.FirstPipeInstance : PipeOptions.None);
        NamedPipeServerStream pipe = NamedPipeServerStreamAcl.Create(
            name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte, options, 0, 0, Access());
        _first = false;
        try
        {
            await pipe.WaitForConnectionAsync(cancellationToken);
            return new PipeConnection(pipe);
        }
        catch
        {
            await pipe.DisposeAsync();
            throw;
        }
    }

    public void Dispose()
    {
    }

    private PipeSecurity Access()
    {
        var access = new PipeSecurity();
        access.AddAccessRule(new PipeAccessRule(new SecurityIdentifier(WellKnownSidType.NetworkSid, null), PipeAccessRights.FullControl, AccessControlType.Deny));
        using WindowsIdentity self = WindowsIdentity.GetCurrent(TokenAccessLevels.Query);
        access.AddAccessRule(new PipeAccessRule(self.User!, PipeAccessRights.FullControl, AccessControlType.Allow));
        foreach (string sid in sids)
        {
            access.AddAccessRule(new PipeAccessRule(new SecurityIdentifier(sid), PipeAccessRights.ReadWrite, AccessControlType.Allow));
        }

        return access;
    }

    private sealed partial class PipeConnection : Connection
    {
        private readonly NamedPipeServerStream _pipe;

        public PipeConnection(NamedPipeServerStream pipe)
        {
            _pipe = pipe;
            Stream = new SynchronousStream(pipe);
            string? sid = null;
            pipe.RunAsClient(() =>
            {
                using WindowsIdentity identity = WindowsIdentity.GetCurrent(TokenAccessLevels.Query);
                sid = identity.User?.Value;
            });
            Caller = new CallerIdentity
            {
                ProcessId = GetNamedPipeClientProcessId(pipe.SafePipeHandle, out uint pid) ? (int)pid : 0,
                Sid = sid ?? throw new IOException("The caller's token names no user."),
            };
        }

        public override Stream Stream { get; }

        public override CallerIdentity Caller { get; }

        // A pipe has no read limit of its own; connections are bounded in number instead.
        public override TimeSpan ReadLimit
        {
            set { }
        }

        public override void StopReading() => _pipe.Dispose();

        public override void Dispose() => _pipe.Dispose();

        [LibraryImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static partial bool GetNamedPipeClientProcessId(Microsoft.Win32.SafeHandles.SafePipeHandle pipe, out uint clientProcessId);
    }
}
