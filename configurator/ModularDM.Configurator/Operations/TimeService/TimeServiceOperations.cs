using ModularDM.Configurator.Platform;
using ModularDM.Configurator.State;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.TimeService;

internal sealed class GetTimeServiceOperation(OperationServices services) : Operation<GetTimeService, TimeServiceState>(OperationArea.TimeService)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.TimeService is not null;

    protected override TimeServiceState Run(GetTimeService request, OperationCall call) => new()
    {
        Actual = Require(services.Platform.TimeService).Read(call.Context),
        Priority = services.State.Current.TimeServicePriority,
    };
}

internal sealed class SetTimeServiceOperation(OperationServices services) : Operation<SetTimeService, Done>(OperationArea.TimeService)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.TimeService is not null;

    protected override Done Run(SetTimeService request, OperationCall call)
    {
        ITimeServiceArea area = Require(services.Platform.TimeService);
        if (!Enum.IsDefined(request.Source) || !Enum.IsDefined(request.Priority))
        {
            throw ConfiguratorException.InvalidArgument("Source and priority are local or remote.", ErrorNumbers.InvalidPolicySource);
        }

        if (request.Settings is { } settings && !Enum.IsDefined(settings.Startup))
        {
            throw ConfiguratorException.InvalidArgument("Startup is auto or manual.", ErrorNumbers.InvalidValue);
        }

        call.Context.Step("store wish", () => services.State.Update(state => Store(state, request)));
        if (ActiveWish(services.State.Current) is { } wish)
        {
            area.Set(wish, call.Context);
        }

        return Done.Instance;
    }

    /// <summary>What the first source in priority order wants that wants anything at all.</summary>
    internal static TimeServiceSettings? ActiveWish(RootState state) => state.TimeServicePriority == PolicySource.Local
        ? state.LocalTimeService ?? state.RemoteTimeService
        : state.RemoteTimeService ?? state.LocalTimeService;

    private static RootState Store(RootState state, SetTimeService request)
    {
        RootState next = state with { TimeServicePriority = request.Priority };
        return (request.Settings, request.Source) switch
        {
            (null, _) => next,
            (_, PolicySource.Local) => next with { LocalTimeService = request.Settings },
            _ => next with { RemoteTimeService = request.Settings },
        };
    }
}
