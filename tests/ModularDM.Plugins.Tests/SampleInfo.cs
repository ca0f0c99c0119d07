using ModularDM.Contracts.Configurator;

namespace ModularDM.Plugins.Tests;

internal static class SampleInfo
{
    public static DeviceInfoValues Values { get; } = new()
    {
        BatteryRuntime = "-1",
        BatteryRemaining = "-1",
        BatteryStatus = "0",
        OsEdition = "188",
        SecureBootState = "1",
        TotalMemory = "3891",
        TotalStorage = "<error>",
        Name = "oven-17",
        ProcessorArchitecture = "9",
        CommercializationOperator = "404",
        DisplayResolution = "800x480",
        RadioSwVer = "Not Present",
        ProcessorType = "8664",
        Platform = "Linux",
        OsVer = "6.12.0",
        FwVer = "2.4",
        HwVer = "rev C",
        Oem = "Contoso",
        Type = "Oven controller",
        Lang = "en-US",
        DmVer = "0.1.0",
        Model = "CT-900",
        Manufacturer = "Contoso",
        Id = "{00000000-0000-0000-0000-000000000017}",
    };
}
