using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>The device's description out of DevInfo, DevDetail and DeviceStatus, in one SyncML message.</summary>
internal sealed class CspDeviceInfoArea(CspClient csp) : IDeviceInfoArea
{
    private const string Unreadable = "<error>";
    private const string DevInfo = "./DevInfo/";
    private const string DevDetail = "./DevDetail/";
    private const string Microsoft = "./DevDetail/Ext/Microsoft/";
    private const string Status = "./Vendor/MSFT/DeviceStatus/";

    internal static readonly string[] Nodes =
    [
        Status + "Battery/EstimatedRuntime", Status + "Battery/EstimatedChargeRemaining", Status + "Battery/Status",
        Status + "OS/Edition", Status + "SecureBootState",
        Microsoft + "TotalRAM", Microsoft + "TotalStorage", Microsoft + "DeviceName", Microsoft + "ProcessorArchitecture",
        Microsoft + "CommercializationOperator", Microsoft + "Resolution", Microsoft + "RadioSwV", Microsoft + "ProcessorType", Microsoft + "OSPlatform",
        DevDetail + "SwV", DevDetail + "FwV", DevDetail + "HwV", DevDetail + "OEM", DevDetail + "DevTyp",
        DevInfo + "Lang", DevInfo + "DmV", DevInfo + "Mod", DevInfo + "Man", DevInfo + "DevId",
    ];

    public DeviceInfoValues Read(OperationContext context)
    {
        string?[] values = csp.GetAll("device description", Nodes, context);
        int next = 0;
        return new DeviceInfoValues
        {
            BatteryRuntime = Next(),
            BatteryRemaining = Next(),
            BatteryStatus = Next(),
            OsEdition = Next(),
            SecureBootState = Next(),
            TotalMemory = Next(),
            TotalStorage = Next(),
            Name = Next(),
            ProcessorArchitecture = Next(),
            CommercializationOperator = Next(),
            DisplayResolution = Next(),
            RadioSwVer = Next(),
            ProcessorType = Next(),
            Platform = Next(),
            OsVer = Next(),
            FwVer = Next(),
            HwVer = Next(),
            Oem = Next(),
            Type = Next(),
            Lang = Next(),
            DmVer = Next(),
            Model = Next(),
            Manufacturer = Next(),
            Id = Next(),
        };

        // One value that cannot be read spoils only itself.
        string Next() => values[next++] ?? Unreadable;
    }
}
