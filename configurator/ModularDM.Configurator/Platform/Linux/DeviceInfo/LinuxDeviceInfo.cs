using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.DeviceInfo;

/// <summary>The 24 values of <c>deviceInfo</c>: hostname1, os-release, DMI, device tree and procfs. One that cannot be read does not cost the others.</summary>
internal sealed class LinuxDeviceInfo : IDeviceInfoArea
{
    private const string Failed = "<error>";
    private const string Unknown = "unknown";
    private const string NoOperator = "404";
    private const string NoRadio = "Not Present";
    private const int MaxValue = 256;
    private const string SecureBootVariable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

    // The machine id is meant to stay on the machine. What leaves is keyed with this constant of ours, so that it matches no other program's id.
    private static readonly Guid s_application = new("6a2f3a51-5c0e-4b43-9d2b-0a7d7a5c4e11");

    public DeviceInfoValues Read(OperationContext context)
    {
        HostFacts host = HostFacts.Read(context);
        return context.Step("read system files", () => Read(host));
    }

    /// <summary>The machine id, hashed for this application as <c>sd_id128_get_machine_app_specific</c> does: HMAC-SHA-256, cut to a version 4 UUID.</summary>
    internal static string ApplicationId(ReadOnlySpan<byte> machineId, ReadOnlySpan<byte> application)
    {
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(machineId, application, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x40);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return Convert.ToHexStringLower(hash[..16]);
    }

    /// <summary><c>en_US.UTF-8</c> as a language tag.</summary>
    internal static string ToLanguageTag(string? locale)
    {
        string name = (locale ?? "").Split('.', '@')[0];
        return name is "" or "C" or "POSIX" ? "und" : name.Replace('_', '-');
    }

    /// <summary>The variable's four attribute bytes and its value: 1 enabled, 2 disabled; 0 when there is no such variable.</summary>
    internal static string SecureBoot(string path)
    {
        try
        {
            byte[] variable = File.ReadAllBytes(path);
            return variable is [_, _, _, _, 1] ? "1" : "2";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "0";
        }
    }

    private static DeviceInfoValues Read(HostFacts host)
    {
        Battery battery = Guarded(() => Battery.Read("/sys/class/power_supply")) ?? new Battery(Failed, Failed, Failed);
        string manufacturer = Value(() => host["HardwareVendor"] ?? Dmi("sys_vendor") ?? Dmi("board_vendor"));
        return new DeviceInfoValues
        {
            BatteryRuntime = battery.Runtime,
            BatteryRemaining = battery.Remaining,
            BatteryStatus = battery.Status,
            OsEdition = Value(() => OsRelease("VARIANT") ?? OsRelease("PRETTY_NAME") ?? host["OperatingSystemPrettyName"]),
            SecureBootState = Value(() => SecureBoot(SecureBootVariable)),
            TotalMemory = Value(TotalMemory),
            TotalStorage = Value(() => (new DriveInfo("/").TotalSize >> 20).ToString(CultureInfo.InvariantCulture)),
            Name = Value(() => host["PrettyHostname"] ?? host["StaticHostname"] ?? host["Hostname"] ?? Environment.MachineName),
            ProcessorArchitecture = Value(() => RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()),
            CommercializationOperator = NoOperator,
            DisplayResolution = Value(() => DisplayResolution("/sys/class/drm") ?? "0x0"),
            RadioSwVer = NoRadio,
            ProcessorType = Value(() => CpuInfo("model name") ?? CpuInfo("Model") ?? CpuInfo("Hardware")),
            Platform = Value(() => $"Linux {host["KernelRelease"] ?? TextFile.Read("/proc/sys/kernel/osrelease")}"),
            OsVer = Value(() => OsRelease("VERSION_ID") ?? OsRelease("BUILD_ID")),
            FwVer = Value(() => host["FirmwareVersion"] ?? Dmi("bios_version")),
            HwVer = Value(() => Dmi("product_version") ?? Dmi("board_version")),
            Oem = manufacturer,
            Type = Value(() => host["Chassis"]),
            Lang = Value(() => ToLanguageTag(TextFile.Find(TextFile.Read("/etc/locale.conf") ?? TextFile.Read("/etc/default/locale"), "LANG", '='))),
            DmVer = typeof(LinuxDeviceInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? Unknown,
            Model = Value(() => host["HardwareModel"] ?? Dmi("product_name") ?? TextFile.Read("/proc/device-tree/model")),
            Manufacturer = manufacturer,
            Id = Value(DeviceId),
        };
    }

    private static string? OsRelease(string key) => TextFile.Find(TextFile.Read("/etc/os-release") ?? TextFile.Read("/usr/lib/os-release"), key, '=');

    private static string? Dmi(string name) => TextFile.Read($"/sys/class/dmi/id/{name}");

    private static string? CpuInfo(string key) => TextFile.Find(TextFile.Read("/proc/cpuinfo"), key, ':');

    private static string? TotalMemory()
    {
        string? kilobytes = TextFile.Find(TextFile.Read("/proc/meminfo"), "MemTotal", ':')?.Split(' ')[0];
        return long.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? (value >> 10).ToString(CultureInfo.InvariantCulture) : null;
    }

    /// <summary>The preferred mode of the first connected display.</summary>
    private static string? DisplayResolution(string folder) => !Directory.Exists(folder) ? null : Directory.EnumerateDirectories(folder)
        .Order(StringComparer.Ordinal)
        .Where(connector => TextFile.Read(Path.Combine(connector, "status")) == "connected")
        .Select(connector => TextFile.Read(Path.Combine(connector, "modes"))?.Split('\n')[0])
        .FirstOrDefault(mode => mode is not null);

    private static string? DeviceId()
    {
        string? text = TextFile.Read("/etc/machine-id");
        return text is { Length: 32 } ? ApplicationId(Convert.FromHexString(text), s_application.ToByteArray(bigEndian: true)) : null;
    }

    /// <summary>What is not there is unknown; what is there and cannot be read is an error, of this value alone.</summary>
    private static string Value(Func<string?> read)
    {
        string value = Guarded(() => read() ?? Unknown) ?? Failed;
        return value.Length > MaxValue ? value[..MaxValue] : value;
    }

    private static T? Guarded<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }
}
