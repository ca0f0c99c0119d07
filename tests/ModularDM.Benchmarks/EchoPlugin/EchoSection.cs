using ModularDM.Contracts.Twin;

namespace Contoso.Echo;

/// <summary>Reports what is desired, and needs nobody for it.</summary>
[TwinSection("contoso.echo")]
internal sealed class EchoSection() : TwinSection<EchoValue>(EchoJson.Default.EchoValue)
{
    private EchoValue _value = new() { Value = 0 };

    public override Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.From(_value, EchoJson.Default.EchoValue));

    protected override Task<ApplyResult> ApplyAsync(EchoValue value, SectionDesired desired, CancellationToken cancellationToken)
    {
        _value = value;
        return Task.FromResult(ApplyResult.Completed);
    }
}
