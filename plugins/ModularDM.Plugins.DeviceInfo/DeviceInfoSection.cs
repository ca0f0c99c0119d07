using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.DeviceInfo;

/// <summary>Reports what the device is. There is nothing to set: any object in desired asks for the report.</summary>
[TwinSection("deviceInfo")]
internal sealed class DeviceInfoSection(IPluginContext context) : TwinSection<DeviceInfoDesired>(DeviceInfoJson.Default.DeviceInfoDesired)
{
    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        DeviceInfoValues values = await context.Configurator.SendAsync(new GetDeviceInfo(), cancellationToken);
        return SectionReport.From(values, DeviceInfoJson.Default.DeviceInfoValues);
    }

    protected override Task<ApplyResult> ApplyAsync(DeviceInfoDesired value, SectionDesired desired, CancellationToken cancellationToken) =>
        Task.FromResult(ApplyResult.Completed);
}
