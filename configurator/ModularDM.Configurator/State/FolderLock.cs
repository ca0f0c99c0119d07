namespace ModularDM.Configurator.State;

/// <summary>Keeps a second process off a state folder. The lock ends with the process, however that ends.</summary>
internal static class FolderLock
{
    /// <exception cref="IOException">Another process has it, or the folder cannot be written.</exception>
    public static IDisposable Take(string folder)
    {
        string path = Path.Combine(folder, "in-use.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"The state folder '{folder}' is in use ({e.Message}) A configurator runs on it: stop that one, or name another folder with --state.", e);
        }
    }
}
