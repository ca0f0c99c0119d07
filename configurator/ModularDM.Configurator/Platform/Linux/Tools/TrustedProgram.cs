namespace ModularDM.Configurator.Platform.Linux.Tools;

/// <summary>Tells whether a program can have been put there by nobody but root (or this process's own account, in a trial run).</summary>
internal static class TrustedProgram
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Null when it may be started; otherwise what is wrong, with the fix.</summary>
    /// <remarks>From the root downwards: once a folder is trusted, nobody else changes what is found in it.</remarks>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    public static string? WrongWith(string path)
    {
        foreach (string step in Steps(path))
        {
            bool isProgram = step == path;
            FileSystemInfo info = isProgram ? new FileInfo(step) : new DirectoryInfo(step);
            if (info.LinkTarget is not null)
            {
                return $"'{step}' is a symbolic link; the policy must name the file itself";
            }

            if (!info.Exists)
            {
                throw new FileNotFoundException($"'{step}' does not exist.", step);
            }

            Posix.Ownership owner = Posix.OwnershipOf(step);
            if (owner.Uid != 0 && owner.Uid != Posix.EffectiveUid)
            {
                return $"'{step}' belongs to uid {owner.Uid}. Fix: chown root '{step}'";
            }

            // In a sticky folder others can add names, but neither rename nor remove those of root.
            bool isOpen = (owner.Mode & WritableByOthers) != 0 && (isProgram || (owner.Mode & UnixFileMode.StickyBit) == 0);
            if (isOpen)
            {
                return $"'{step}' can be written by others. Fix: chmod go-w '{step}'";
            }

            if (isProgram && (owner.Mode & Executable) == 0)
            {
                return $"'{step}' is not executable. Fix: chmod a+x '{step}'";
            }
        }

        return null;
    }

    /// <summary>The same for a person who looks at a policy.</summary>
    public static string Describe(string path)
    {
        try
        {
            return WrongWith(path) is { } wrong ? $"is refused as it is: {wrong}" : $"'{path}' can be started";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"is not there yet: {e.Message.TrimEnd('.')}";
        }
    }

    private static IEnumerable<string> Steps(string path)
    {
        yield return "/";
        for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }

        yield return path;
    }
}
