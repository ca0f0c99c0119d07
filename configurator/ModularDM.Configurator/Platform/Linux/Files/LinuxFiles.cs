using Microsoft.Win32.SafeHandles;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Files;

/// <summary>Files of the device's maker: written beside the old one, made durable, then renamed over it.</summary>
internal sealed class LinuxFiles : IFileArea
{
    private const int NoEntry = 2;
    private const int CrossesOut = 18;
    private const int NotFolder = 20;
    private const int NoSpace = 28;
    private const int Loop = 40;
    private const int QuotaExceeded = 122;

    public void Write(GrantedFile file, ReadOnlyMemory<byte> contents, OperationContext context) => context.Step("write file", () =>
    {
        try
        {
            Replace(file, contents.Span, context);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfiguratorException(Explain(file, e), e);
        }
    });

    private static void Replace(GrantedFile file, ReadOnlySpan<byte> contents, OperationContext context)
    {
        uint uid = IdOf(file.Owner, UnitUser.Resolve, "account");
        uint gid = IdOf(file.Group, UnitUser.ResolveGroup, "group");
        using BeneathFolder top = BeneathFolder.Open(file.Folder);
        int slash = file.File.LastIndexOf('/');
        using BeneathFolder? below = slash < 0 ? null : top.Descend(file.File[..slash]);
        BeneathFolder folder = below ?? top;
        string name = file.File[(slash + 1)..];
        if (!folder.IsReplaceable(name))
        {
            throw ConfiguratorException.Denied($"'{file.Path}' is a link, a folder or a device; only a regular file is replaced.");
        }

        // One name, so that what a kill left behind is taken away by the next write.
        string next = $".{name}.modulardm-next";
        folder.DeleteIfThere(next);
        try
        {
            using (SafeFileHandle handle = folder.CreateNew(next))
            {
                RandomAccess.Write(handle, contents, 0);
                if (uid != uint.MaxValue || gid != uint.MaxValue)
                {
                    BeneathFolder.GiveTo(handle, uid, gid);
                }

                BeneathFolder.SetMode(handle, file.Mode);
                RandomAccess.FlushToDisk(handle);
            }

            // Up to here nothing has happened that anybody could see.
            _ = context.Remaining;
            folder.Rename(next, name);
        }
        catch
        {
            folder.DeleteIfThere(next);
            throw;
        }

        folder.Sync();
    }

    // All ones leaves that half as it is.
    private static uint IdOf(string? name, Func<string, uint?> resolve, string what) =>
        name is null ? uint.MaxValue : resolve(name) ?? throw new ConfiguratorException(
            new ConfiguratorError(ConfiguratorErrorCode.NotFound, $"The policy gives the file to the {what} '{name}', which does not exist here."));

    private static ConfiguratorError Explain(GrantedFile file, Exception e) => e.HResult switch
    {
        NoEntry or NotFolder => new(ConfiguratorErrorCode.NotFound, $"The folder of '{file.Path}' does not exist.", e.Message),
        Loop or CrossesOut => new(ConfiguratorErrorCode.Denied, $"A symbolic link lies on the way to '{file.Path}'; the policy must name the folder itself.", e.Message),
        NoSpace or QuotaExceeded => new(ConfiguratorErrorCode.Failed, $"There is no room for '{file.Path}'; the old file is untouched.", e.Message),
        _ => new(ConfiguratorErrorCode.Failed, $"'{file.Path}' could not be replaced; the old file is untouched.", e.Message),
    };
}
