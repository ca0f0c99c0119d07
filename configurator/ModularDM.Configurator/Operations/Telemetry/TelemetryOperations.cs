using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Telemetry;

internal sealed class GetTelemetryLevelOperation(OperationServices services) : Operation<GetTelemetryLevel, TelemetryLevelState>(OperationArea.Telemetry)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Telemetry is not null;

    protected override TelemetryLevelState Run(GetTelemetryLevel request, OperationCall call) =>
        new(Require(services.Platform.Telemetry).Read(call.Context));
}

internal sealed class SetTelemetryLevelOperation(OperationServices services) : Operation<SetTelemetryLevel, Done>(OperationArea.Telemetry)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Telemetry is not null;

    protected override Done Run(SetTelemetryLevel request, OperationCall call)
    {
        // The names are checked by the wire; a number that is none of the four gets this far.
        if (!Enum.IsDefined(request.Level))
        {
            throw ConfiguratorException.InvalidArgument(
                $"Telemetry level {(int)request.Level} is none of security, basic, enhanced, full.", ErrorNumbers.TelemetryInvalidLevel);
        }

        Require(services.Platform.Telemetry).Set(request.Level, call.Context);
        return Done.Instance;
    }
}
