namespace ModularDM.Contracts.Configurator;

/// <summary>Reads what the device is. Answered with all values that can be read; a value that cannot be read is <c>&lt;error&gt;</c>.</summary>
public sealed record GetDeviceInfo : ConfiguratorRequest<DeviceInfoValues>, IReadOnlyRequest;

/// <summary>
/// The 24 strings of the <c>deviceInfo</c> section (original client contract, C18). Each is a string, numbers included, because the published contract has them so.
/// </summary>
public sealed record DeviceInfoValues : ConfiguratorResponse
{
    /// <summary>Estimated minutes on battery; <c>-1</c> on mains or unknown.</summary>
    public required string BatteryRuntime { get; init; }

    /// <summary>Charge left in percent; <c>-1</c> on mains or unknown.</summary>
    public required string BatteryRemaining { get; init; }

    /// <summary>The platform's battery status number.</summary>
    public required string BatteryStatus { get; init; }

    /// <summary>Edition of the operating system.</summary>
    public required string OsEdition { get; init; }

    /// <summary>0 not supported, 1 enabled, 2 disabled.</summary>
    public required string SecureBootState { get; init; }

    /// <summary>Memory in MB.</summary>
    public required string TotalMemory { get; init; }

    /// <summary>Size of the system volume in MB.</summary>
    public required string TotalStorage { get; init; }

    /// <summary>Device name.</summary>
    public required string Name { get; init; }

    /// <summary>The platform's architecture number or name.</summary>
    public required string ProcessorArchitecture { get; init; }

    /// <summary>Mobile operator; <c>404</c> if there is none.</summary>
    public required string CommercializationOperator { get; init; }

    /// <summary>Width x height in pixels.</summary>
    public required string DisplayResolution { get; init; }

    /// <summary>Radio firmware version.</summary>
    public required string RadioSwVer { get; init; }

    /// <summary>Processor type number or name.</summary>
    public required string ProcessorType { get; init; }

    /// <summary>OS platform.</summary>
    public required string Platform { get; init; }

    /// <summary>OS version.</summary>
    public required string OsVer { get; init; }

    /// <summary>Firmware version.</summary>
    public required string FwVer { get; init; }

    /// <summary>Hardware version.</summary>
    public required string HwVer { get; init; }

    /// <summary>OEM.</summary>
    public required string Oem { get; init; }

    /// <summary>Device type.</summary>
    public required string Type { get; init; }

    /// <summary>Language tag.</summary>
    public required string Lang { get; init; }

    /// <summary>Version of the management client.</summary>
    public required string DmVer { get; init; }

    /// <summary>Model.</summary>
    public required string Model { get; init; }

    /// <summary>Manufacturer.</summary>
    public required string Manufacturer { get; init; }

    /// <summary>Device id.</summary>
    public required string Id { get; init; }
}
