using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins.Calls;
using ModularDM.Hosting.Plugins.Discovery;

namespace ModularDM.Hosting.Plugins;

/// <summary>A plugin's direct method as the router sees it.</summary>
internal sealed class PluginMethodOwner(Plugin plugin, MethodExport export) : IMethodOwner
{
    private readonly string _invoke = $"method {export.Name}", _work = $"work of {export.Name}";

    public string Name => export.Name;

    public string PluginId => plugin.Found.Id;

    public SectionName? Reports => export.Reports;

    public async Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken)
    {
        PluginAnswer<MethodResult> answer = await plugin.CallAsync(
            _invoke, export.Limit, isWork: false, (instance, token) => instance.Method(export.TypeName).InvokeAsync(call, token), cancellationToken);
        return answer switch
        {
            { Value: { } result } => result,
            { IsOutOfTime: true } => MethodResult.DeadlineExceeded(answer.Error!),
            _ => MethodResult.Failed(answer.Error!),
        };
    }

    public async Task<WorkResult> RunWorkAsync(Func<CancellationToken, Task<WorkResult>> work, CancellationToken cancellationToken)
    {
        PluginAnswer<WorkResult> answer = await plugin.CallAsync(_work, export.WorkLimit, isWork: true, (_, token) => work(token), cancellationToken);
        return answer.Value ?? new WorkResult(ApplyResult.Failed(answer.Error!));
    }
}
