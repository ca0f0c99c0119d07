using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

public sealed record Settings
{
    [Range(1, 60)]
    public int Interval { get; set; } = 5;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Settings))]
internal sealed partial class SettingsJson : JsonSerializerContext;

[TwinSection("contoso.usesSettings")]
internal sealed class UsesSettingsSection(IPluginContext context) : ITwinSection
{
    private readonly Settings _settings = context.ReadSettings(SettingsJson.Default.Settings);

    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);

    public Task<SectionReport> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult(SectionReport.FromJson(Encoding.UTF8.GetBytes($$"""{"interval":{{_settings.Interval}}}""")));
}
