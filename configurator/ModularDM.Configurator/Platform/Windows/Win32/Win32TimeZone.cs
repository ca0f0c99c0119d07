using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <inheritdoc cref="IWin32TimeZone"/>
[SupportedOSPlatform("windows")]
internal sealed unsafe partial class Win32TimeZone : IWin32TimeZone
{
    private const int NameChars = 32;
    private const int KeyChars = 128;
    private const uint Invalid = 0xFFFFFFFF;

    public DynamicZone Read() => GetDynamicTimeZoneInformation(out Information information) != Invalid
        ? From(information)
        : throw Failed("GetDynamicTimeZoneInformation", Marshal.GetLastPInvokeError());

    public DynamicZone? Find(string keyName)
    {
        for (uint i = 0; EnumDynamicTimeZoneInformation(i, out Information information) == 0; i++)
        {
            DynamicZone zone = From(information);
            if (string.Equals(zone.KeyName, keyName, StringComparison.OrdinalIgnoreCase))
            {
                return zone;
            }
        }

        return null;
    }

    public void Set(DynamicZone zone)
    {
        using IDisposable privilege = Privilege.Hold("SeTimeZonePrivilege");
        Information information = To(zone);
        if (!SetDynamicTimeZoneInformation(in information))
        {
            throw Failed("SetDynamicTimeZoneInformation", Marshal.GetLastPInvokeError());
        }
    }

    private static ConfiguratorException Failed(string call, int error) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{call} failed: {Marshal.GetPInvokeErrorMessage(error)}", $"win32 {error}"));

    private static DynamicZone From(Information from) => new(
        Text(from.TimeZoneKeyName, KeyChars),
        from.Bias,
        From(Text(from.StandardName, NameChars), from.StandardBias, from.StandardDate),
        From(Text(from.DaylightName, NameChars), from.DaylightBias, from.DaylightDate),
        from.DynamicDaylightTimeDisabled != 0);

    private static DynamicTransition From(string name, int bias, Moment at) => new(name, bias, at.Year, at.Month, at.DayOfWeek, at.Day, at.Hour, at.Minute, at.Second);

    private static Information To(DynamicZone zone)
    {
        var to = new Information
        {
            Bias = zone.Bias,
            StandardDate = To(zone.Standard),
            StandardBias = zone.Standard.Bias,
            DaylightDate = To(zone.Daylight),
            DaylightBias = zone.Daylight.Bias,
            DynamicDaylightTimeDisabled = zone.DynamicDaylightTimeDisabled ? (byte)1 : (byte)0,
        };
        Put(zone.Standard.Name, to.StandardName, NameChars);
        Put(zone.Daylight.Name, to.DaylightName, NameChars);
        Put(zone.KeyName, to.TimeZoneKeyName, KeyChars);
        return to;
    }

    private static Moment To(DynamicTransition from) => new()
    {
        Year = from.Year, Month = from.Month, DayOfWeek = from.DayOfWeek, Day = from.Day, Hour = from.Hour, Minute = from.Minute, Second = from.Second,
    };

    private static string Text(char* from, int chars) => new ReadOnlySpan<char>(from, chars).ToString().TrimEnd('\0').Split('\0')[0];

    // The last character stays zero; longer names are cut, which Windows itself would refuse otherwise.
    private static void Put(string text, char* to, int chars) => text.AsSpan(0, Math.Min(text.Length, chars - 1)).CopyTo(new Span<char>(to, chars));

    [LibraryImport("kernel32.dll", SetLastError = true)]
    private static partial uint GetDynamicTimeZoneInformation(out Information information);

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetDynamicTimeZoneInformation(in Information information);

    [LibraryImport("advapi32.dll")]
    private static partial uint EnumDynamicTimeZoneInformation(uint index, out Information information);

    [StructLayout(LayoutKind.Sequential)]
    private struct Moment
    {
        public ushort Year;
        public ushort Month;
        public ushort DayOfWeek;
        public ushort Day;
        public ushort Hour;
        public ushort Minute;
        public ushort Second;
        public ushort Milliseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Information
    {
        public int Bias;
        public fixed char StandardName[NameChars];
        public Moment StandardDate;
        public int StandardBias;
        public fixed char DaylightName[NameChars];
        public Moment DaylightDate;
        public int DaylightBias;
        public fixed char TimeZoneKeyName[KeyChars];
        public byte DynamicDaylightTimeDisabled;
    }
}
