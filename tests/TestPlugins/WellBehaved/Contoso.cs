using System.Composition;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace Contoso;

public sealed record Wanted
{
    public int Level { get; init; }

    /// <summary>How long Apply takes.</summary>
    public int Milliseconds { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Wanted))]
internal sealed partial class WantedJson : JsonSerializerContext;

/// <summary>A part that only this plugin's other parts know.</summary>
[Export]
internal sealed class Memory
{
    public int Level { get; set; }
}

[TwinSection("contoso.wellBehaved", ApplyTimeoutSeconds = 7, ReadTimeoutSeconds = 3, ApplyAtBoot = true, After = ["timeInfo", "contoso.other"])]
internal sealed class WellBehavedSection(
    IPluginContext context, Memory memory, ILogger<WellBehavedSection> logger, TimeProvider clock, IConfigurator configurator, ITwinReporter twin, IMessageSender messages,
    IApplication application) : TwinSection<Wanted>(WantedJson.Default.Wanted)
{
    protected override async Task<ApplyResult> ApplyAsync(Wanted value, SectionDesired desired, CancellationToken cancellationToken)
    {
        await Task.Yield();
        await Task.Delay(TimeSpan.FromMilliseconds(value.Milliseconds), clock, cancellationToken);
        memory.Level = value.Level;
        logger.LogInformation("applied");
        return ApplyResult.Completed;
    }

    public override Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        bool same = clock == context.Clock && configurator == context.Configurator && twin == context.Twin && messages == context.Messages && application == context.Application;
        string thread = Thread.CurrentThread.Name ?? "";
        return Task.FromResult(SectionReport.FromJson(Encoding.UTF8.GetBytes(
            $$"""{"level":{{memory.Level}},"same":{{(same ? "true" : "false")}},"thread":"{{thread}}"}""")));
    }
}

[DirectMethod("contoso.zoneAsync", Reports = "contoso.zoneCmd", TimeoutSeconds = 9, WorkTimeoutSeconds = 11)]
internal sealed class ZoneMethod : IDirectMethod
{
    private readonly IConfigurator _configurator;

    public ZoneMethod(IConfigurator configurator, string notAnybodys) => throw new InvalidOperationException(notAnybodys + configurator);

    public ZoneMethod(IConfigurator configurator) => _configurator = configurator;

    public async Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken)
    {
        TimeZoneState zone = await _configurator.SendAsync(new GetTimeZone(), cancellationToken);
        return zone is null ? MethodResult.NotFound(new SectionError("", "no zone", 1)) : MethodResult.Accepted(_ => Task.FromResult(new WorkResult(ApplyResult.Completed)));
    }
}
