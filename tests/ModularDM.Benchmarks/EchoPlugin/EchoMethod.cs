using ModularDM.Contracts.Methods;

namespace Contoso.Echo;

/// <summary>Answers with its own payload, read and written as an ordinary method would.</summary>
[DirectMethod("contoso.echo")]
internal sealed class EchoMethod() : DirectMethod<EchoText>(EchoJson.Default.EchoText)
{
    protected override Task<MethodResult> InvokeAsync(EchoText payload, CancellationToken cancellationToken) =>
        Task.FromResult(MethodResult.Ok(payload, EchoJson.Default.EchoText));
}
