using System.Globalization;
using System.Runtime.Versioning;
using Microsoft.Win32;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <inheritdoc cref="IWin32Registry"/>
[SupportedOSPlatform("windows")]
internal sealed class Win32Registry : IWin32Registry
{
    public string? Read(string key, string name)
    {
        using RegistryKey? opened = Registry.LocalMachine.OpenSubKey(key);
        return Convert.ToString(opened?.GetValue(name), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
    }

    public void Write(string key, string name, string value)
    {
        try
        {
            using RegistryKey opened = Registry.LocalMachine.OpenSubKey(key, writable: true)
                ?? throw ConfiguratorException.NotSupported($@"This Windows has no HKLM\{key}.");
            opened.SetValue(name, value, RegistryValueKind.String);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or System.Security.SecurityException)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Denied, $@"HKLM\{key} cannot be written: {e.Message}"), e);
        }
    }
}
