using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations.Csp;

/// <summary>One command on one CSP node, where the policy grants the node and the verb. It is never taken for a read: whatever comes this way is audited.</summary>
internal sealed class CspOperation(OperationServices services) : Operation<CspCommand, CspResult>(OperationArea.Csp)
{
    private const int MaxAuditedChars = 4096;

    public override string? Lacking => "this platform has no CSPs; they belong to Windows";

    public override bool IsSupportedBy(IPlatform platform) => platform.Csp is not null;

    public override string DescribeArguments(ConfiguratorRequest request, OperationCall call)
    {
        var command = (CspCommand)request;
        string? data = command.Data switch
        {
            null => null,
            _ when call.Granted is { Secret: true } => "<secret>",
            { Length: > MaxAuditedChars } text => $"<{text.Length} characters, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}>",
            _ => command.Data,
        };
        return JsonSerializer.Serialize(command with { Data = data }, ConfiguratorJson.Default.ConfiguratorRequest);
    }

    protected override CspResult Run(CspCommand request, OperationCall call)
    {
        if (call.Granted is null)
        {
            throw ConfiguratorException.Denied($"'{request.LocUri}' is not granted.");
        }

        CspCommandCheck.Check(request);
        return CspExchange.Run(Require(services.Platform.Csp), request, call.Context);
    }
}
