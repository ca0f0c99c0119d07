using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Ntp;

internal sealed class GetNtpServerOperation(OperationServices services) : Operation<GetNtpServer, NtpServerState>(OperationArea.Ntp)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Ntp is not null;

    protected override NtpServerState Run(GetNtpServer request, OperationCall call) => new(Require(services.Platform.Ntp).Read(call.Context));
}

internal sealed class SetNtpServerOperation(OperationServices services) : Operation<SetNtpServer, Done>(OperationArea.Ntp)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Ntp is not null;

    protected override Done Run(SetNtpServer request, OperationCall call)
    {
        NtpServerList.Check(request.Server);
        Require(services.Platform.Ntp).Set(request.Server, call.Context);
        return Done.Instance;
    }
}
