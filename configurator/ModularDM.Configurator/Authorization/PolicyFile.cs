using ModularDM.Configurator.Platform;

namespace ModularDM.Configurator.Authorization;

/// <summary>Opens the policy file, and trusts it only when nobody but this process's own account can have written it.</summary>
internal static class PolicyFile
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const long MaxBytes = 1024 * 1024;

    /// <exception cref="PolicyException">It is missing, not safe, or not a policy. The message says what to do.</exception>
    public static Policy Load(string path)
    {
        byte[] contents;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!OperatingSystem.IsWindows())
            {
                CheckOwnership(path, file);
            }

            if (file.Length > MaxBytes)
            {
                throw new PolicyException([$"The policy file '{path}' is larger than {MaxBytes} bytes."]);
            }

            contents = new byte[file.Length];
            file.ReadExactly(contents);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException([$"The policy file '{path}' cannot be read: {e.Message} Give its path with --policy."]);
        }

        return PolicyReader.Read(contents);
    }

    private static void CheckOwnership(string path, FileStream file)
    {
        var errors = new List<string>();
        uint self = Posix.EffectiveUid;
        Posix.Ownership owner = Posix.OwnershipOf(file.SafeFileHandle);
        if (owner.Uid != self)
        {
            errors.Add($"The policy file '{path}' belongs to uid {owner.Uid}, not to this service's own uid {self}. Fix: chown {self} '{path}'.");
        }

        if ((owner.Mode & WritableByOthers) != 0)
        {
            errors.Add($"The policy file '{path}' can be written by others. Fix: chmod go-w '{path}'.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Posix.Ownership around = Posix.OwnershipOf(folder);
        if (((around.Mode & WritableByOthers) != 0 && (around.Mode & UnixFileMode.StickyBit) == 0) || (around.Uid != self && around.Uid != 0))
        {
            errors.Add($"The folder '{folder}' lets others replace the policy file. Fix: chown {self} '{folder}' && chmod go-w '{folder}'.");
        }

        if (errors.Count > 0)
        {
            throw new PolicyException(errors);
        }
    }
}
