using System.Text.Json;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations.Tools;

internal sealed class RunAllowedToolOperation(OperationServices services) : Operation<RunAllowedTool, ToolOutput>(OperationArea.Tools)
{
    public override string? Lacking => "root starts no programs there";

    public override bool IsSupportedBy(IPlatform platform) => platform.Tools is not null;

    public override string DescribeArguments(ConfiguratorRequest request, OperationCall call)
    {
        var run = (RunAllowedTool)request;
        return call.Granted is { Secret: true } && run.Arguments is not null
            ? JsonSerializer.Serialize(
                run with { Arguments = run.Arguments.ToDictionary(value => value.Key, _ => "<secret>") }, ConfiguratorJson.Default.ConfiguratorRequest)
            : base.DescribeArguments(request, call);
    }

    protected override ToolOutput Run(RunAllowedTool request, OperationCall call)
    {
        GrantedTool tool = call.Granted as GrantedTool ?? throw ConfiguratorException.Denied($"Tool '{request.Name}' is not granted.");
        if (ToolArguments.WrongWith(tool, request.Arguments) is { } wrong)
        {
            throw ConfiguratorException.Denied($"Tool '{request.Name}': {wrong}.");
        }

        return Require(services.Platform.Tools).Run(tool, ToolArguments.Fill(tool, request.Arguments), call.Context);
    }
}
