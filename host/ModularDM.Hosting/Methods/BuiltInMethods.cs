using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Methods;

/// <summary>A method of the runtime's own that answers at once and then works.</summary>
internal abstract class BuiltInMethod : IMethodOwner
{
    public abstract string Name { get; }

    public string PluginId => "modulardm.runtime";

    public SectionName? Reports => null;

    public Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken) => Task.FromResult(MethodResult.Accepted(WorkAsync));

    public Task<WorkResult> RunWorkAsync(Func<CancellationToken, Task<WorkResult>> work, CancellationToken cancellationToken) => work(cancellationToken);

    protected abstract Task<WorkResult> WorkAsync(CancellationToken cancellationToken);
}

/// <summary><c>windows.reportAllAsync</c>: reads and reports every section (original client contract, C22).</summary>
internal sealed class ReportAllMethod(string coreVendor, Lazy<TwinEngine> engine) : BuiltInMethod
{
    public override string Name => $"{coreVendor}.reportAllAsync";

    protected override async Task<WorkResult> WorkAsync(CancellationToken cancellationToken)
    {
        await engine.Value.ReportAllAsync(cancellationToken);
        return new WorkResult(ApplyResult.Completed);
    }
}

/// <summary><c>windows.clearReportedPropertiesAsync</c>: takes the core vendor's node out of the report (original client contract, C21).</summary>
internal sealed class ClearReportedMethod(string coreVendor, ReportedState reported) : BuiltInMethod
{
    public override string Name => $"{coreVendor}.clearReportedPropertiesAsync";

    protected override Task<WorkResult> WorkAsync(CancellationToken cancellationToken)
    {
        reported.Clear(coreVendor);
        return Task.FromResult(new WorkResult(ApplyResult.Completed));
    }
}
