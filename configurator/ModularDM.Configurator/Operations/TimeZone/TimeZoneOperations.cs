using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.TimeZone;

internal sealed class GetTimeZoneOperation(OperationServices services) : Operation<GetTimeZone, TimeZoneState>(OperationArea.TimeZone)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.TimeZone is not null;

    protected override TimeZoneState Run(GetTimeZone request, OperationCall call) => Require(services.Platform.TimeZone).Read(call.Context);
}

internal sealed class SetTimeZoneOperation(OperationServices services) : Operation<SetTimeZone, Done>(OperationArea.TimeZone)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.TimeZone is not null;

    protected override Done Run(SetTimeZone request, OperationCall call)
    {
        TimeZoneCheck.Check(request.Zone);
        Require(services.Platform.TimeZone).Set(request.Zone, call.Context);
        return Done.Instance;
    }
}
