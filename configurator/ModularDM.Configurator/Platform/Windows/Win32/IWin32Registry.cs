namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <summary>The boundary to the registry, below HKEY_LOCAL_MACHINE. Keys and names are fixed in code.</summary>
internal interface IWin32Registry
{
    string? Read(string key, string name);

    void Write(string key, string name, string value);
}
