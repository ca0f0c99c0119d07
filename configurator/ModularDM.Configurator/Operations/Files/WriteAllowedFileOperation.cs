using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations.Files;

internal sealed class WriteAllowedFileOperation(OperationServices services) : Operation<WriteAllowedFile, Done>(OperationArea.Files)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public override string? Lacking => "root writes no files of the device's maker there";

    public override bool IsSupportedBy(IPlatform platform) => platform.Files is not null;

    // A file may be long, and its text is on the disk; what was written can be told from its digest.
    public override string DescribeArguments(ConfiguratorRequest request, OperationCall call)
    {
        var write = (WriteAllowedFile)request;
        string digest = call.Granted is { Secret: true }
            ? "<secret>"
            : $"<{write.Contents.Length} characters, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(write.Contents)))}>";
        return JsonSerializer.Serialize(write with { Contents = digest }, ConfiguratorJson.Default.ConfiguratorRequest);
    }

    protected override Done Run(WriteAllowedFile request, OperationCall call)
    {
        GrantedFile file = call.Granted as GrantedFile ?? throw ConfiguratorException.Denied($"File '{request.Name}' is not granted.");
        byte[] contents;
        try
        {
            contents = s_strict.GetBytes(request.Contents);
        }
        catch (EncoderFallbackException e)
        {
            throw ConfiguratorException.InvalidArgument($"The contents cannot be written as UTF-8: half a surrogate pair at character {e.Index}.");
        }

        Require(services.Platform.Files).Write(file, contents, call.Context);
        return Done.Instance;
    }
}
