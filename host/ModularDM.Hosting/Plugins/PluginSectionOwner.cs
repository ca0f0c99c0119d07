using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins.Calls;
using ModularDM.Hosting.Plugins.Discovery;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Plugins;

/// <summary>A plugin's section as the twin engine sees it.</summary>
internal sealed class PluginSectionOwner(Plugin plugin, SectionExport export) : ISectionOwner
{
    private readonly string _apply = $"apply {export.Name}", _read = $"read {export.Name}";

    public SectionName Name => export.Name;

    public string PluginId => plugin.Found.Id;

    public IReadOnlyList<SectionName> After => export.After;

    public bool ApplyAtBoot => export.ApplyAtBoot;

    public bool HoldsSecrets => export.HoldsSecrets;

    public async Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        PluginAnswer<ApplyResult> answer = await plugin.CallAsync(
            _apply, export.ApplyLimit, isWork: false, (instance, token) => instance.Section(export.TypeName).ApplyAsync(desired, token), cancellationToken);
        return answer.Value ?? ApplyResult.Failed(answer.Error!);
    }

    public async Task<SectionReading> ReadAsync(CancellationToken cancellationToken)
    {
        PluginAnswer<SectionReport> answer = await plugin.CallAsync(
            _read, export.ReadLimit, isWork: false, (instance, token) => instance.Section(export.TypeName).ReadAsync(token), cancellationToken);
        return new SectionReading(answer.Value, answer.Error);
    }
}
