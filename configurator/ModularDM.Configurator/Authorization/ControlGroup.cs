namespace ModularDM.Configurator.Authorization;

/// <summary>Reads which systemd system unit a process runs in.</summary>
internal static class ControlGroup
{
    private const string Slice = "/system.slice/";

    public static string? UnitOf(int pid)
    {
        try
        {
            return UnitIn(File.ReadAllText($"/proc/{pid}/cgroup"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process is gone, or hidden from us: it counts as one in no unit.
            return null;
        }
    }

    /// <summary>
    /// The unit that the text of <c>/proc/PID/cgroup</c> names: the component right after <c>/system.slice/</c> at the start of the path. Only systemd
    /// creates groups there; a component further down, or under a user's slice, could carry any name.
    /// </summary>
    internal static string? UnitIn(string text)
    {
        string? path = null;
        foreach (string line in text.Split('\n'))
        {
            // "0::/path" in the unified hierarchy, "1:name=systemd:/path" before it, which wins where both are mounted.
            string[] parts = line.Split(':', 3);
            if (parts.Length != 3)
            {
                continue;
            }

            if (parts[1] == "name=systemd")
            {
                path = parts[2];
                break;
            }

            if (parts[0] == "0" && parts[1].Length == 0)
            {
                path = parts[2];
            }
        }

        if (path is null || !path.StartsWith(Slice, StringComparison.Ordinal))
        {
            return null;
        }

        string rest = path[Slice.Length..];
        int end = rest.IndexOf('/', StringComparison.Ordinal);
        string unit = end < 0 ? rest : rest[..end];
        return unit.EndsWith(".service", StringComparison.Ordinal) || unit.EndsWith(".scope", StringComparison.Ordinal) ? unit : null;
    }
}
