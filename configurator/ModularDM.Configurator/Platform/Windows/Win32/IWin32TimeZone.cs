namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <summary>The boundary to Windows' time zone functions.</summary>
internal interface IWin32TimeZone
{
    DynamicZone Read();

    /// <summary>The zone that Windows keeps under this name; null when there is none.</summary>
    DynamicZone? Find(string keyName);

    /// <exception cref="Contracts.Configurator.ConfiguratorException">Windows refused it.</exception>
    void Set(DynamicZone zone);
}

/// <summary>A time zone with Windows' own members (DYNAMIC_TIME_ZONE_INFORMATION).</summary>
internal sealed record DynamicZone(string KeyName, int Bias, DynamicTransition Standard, DynamicTransition Daylight, bool DynamicDaylightTimeDisabled);

/// <summary>How one half of the year begins; month 0 is never.</summary>
internal sealed record DynamicTransition(string Name, int Bias, ushort Year, ushort Month, ushort DayOfWeek, ushort Day, ushort Hour, ushort Minute, ushort Second);
