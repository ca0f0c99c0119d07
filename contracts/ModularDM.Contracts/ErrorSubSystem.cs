namespace ModularDM.Contracts;

/// <summary>Which part an error code belongs to; the words of <c>lastChange.errSubSystem</c> (original client contract, 2.6).</summary>
public enum ErrorSubSystem
{
    /// <summary>Our own codes, and those of the platform behind the configurator.</summary>
    DeviceManagement = 0,

    /// <summary>A Win32 error number.</summary>
    Win32 = 1,

    /// <summary>An exception nobody foresaw; the code is its HResult.</summary>
    Unknown = 0xFFFF,
}
