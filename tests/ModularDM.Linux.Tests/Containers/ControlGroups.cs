namespace ModularDM.Linux.Tests.Containers;

/// <summary>A control group of its own for one container: nspawn takes the group that it is started in, and two containers in one group would clear away each other's processes.</summary>
internal sealed class ControlGroups : IDisposable
{
    private readonly List<string> _folders = [];

    public ControlGroups(string name)
    {
        foreach (string hierarchy in (string[])["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"])
        {
            // The root of a tmpfs of hierarchies has no cgroup.procs.
            if (File.Exists(Path.Combine(hierarchy, "cgroup.procs")))
            {
                string folder = Path.Combine(hierarchy, name);
                Directory.CreateDirectory(folder);
                _folders.Add(folder);
            }
        }
    }

    /// <summary>Files to which a process writes its id to move in.</summary>
    public IEnumerable<string> ProcessFiles => _folders.Select(folder => Path.Combine(folder, "cgroup.procs"));

    public void Dispose()
    {
        foreach (string folder in _folders.Where(Directory.Exists))
        {
            foreach (string child in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length))
            {
                TryRemove(child);
            }

            TryRemove(folder);
        }

        _folders.Clear();
    }

    private static void TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // A dying process may still be in it; an empty group left over costs nothing.
        }
    }
}
