namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>Code that anyone may replace is not run: the host speaks to root for its plugins.</summary>
internal static class FolderPermissions
{
    /// <summary>Says why a folder is not trusted; null when it is, and always on Windows, where an installer's access rules are inherited.</summary>
    public static string? Problem(DirectoryInfo root, DirectoryInfo folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        // A sticky folder (as /tmp) lets others add, but not replace.
        if ((root.UnixFileMode & (UnixFileMode.OtherWrite | UnixFileMode.StickyBit)) == UnixFileMode.OtherWrite)
        {
            return Refusal.WritableByOthers(root.FullName, root.UnixFileMode);
        }

        return Writable(folder) ?? folder.EnumerateFileSystemInfos("*", s_everything).Select(Writable).FirstOrDefault(problem => problem is not null);

        string? Writable(FileSystemInfo item)
        {
            // A link's own mode is always 777; what counts is what it leads to.
            FileSystemInfo target = item.LinkTarget is null ? item : item.ResolveLinkTarget(true) ?? item;
            return (target.UnixFileMode & UnixFileMode.OtherWrite) != 0
                ? Refusal.WritableByOthers(ReferenceEquals(item, folder) ? folder.Name : Path.GetRelativePath(folder.FullName, item.FullName), target.UnixFileMode)
                : null;
        }
    }

    private static readonly EnumerationOptions s_everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };
}
