using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.DeviceInfo;

internal sealed class GetDeviceInfoOperation(OperationServices services) : Operation<GetDeviceInfo, DeviceInfoValues>(OperationArea.DeviceInfo)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.DeviceInfo is not null;

    protected override DeviceInfoValues Run(GetDeviceInfo request, OperationCall call) => Require(services.Platform.DeviceInfo).Read(call.Context);
}
