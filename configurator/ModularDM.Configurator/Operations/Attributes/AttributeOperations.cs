using System.Text.Json;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations.Attributes;

internal sealed class ReadAttributeOperation(OperationServices services) : Operation<ReadDeviceAttribute, AttributeValue>(OperationArea.Attributes)
{
    public override bool IsSupportedBy(IPlatform platform) => platform.Attributes is not null;

    protected override AttributeValue Run(ReadDeviceAttribute request, OperationCall call)
    {
        GrantedAttribute attribute = call.Granted as GrantedAttribute ?? throw ConfiguratorException.Denied($"Attribute '{request.Name}' is not granted.");
        return new AttributeValue(Require(services.Platform.Attributes).Read(attribute.Path, call.Context).TrimEnd('\r', '\n'));
    }
}

internal sealed class WriteAttributeOperation(OperationServices services) : Operation<WriteDeviceAttribute, Done>(OperationArea.Attributes)
{
    private const int MaxChars = 4096;

    public override bool IsSupportedBy(IPlatform platform) => platform.Attributes is not null;

    public override string DescribeArguments(ConfiguratorRequest request, OperationCall call) => call.Granted is { Secret: true }
        ? JsonSerializer.Serialize((WriteDeviceAttribute)request with { Value = "<secret>" }, ConfiguratorJson.Default.ConfiguratorRequest)
        : base.DescribeArguments(request, call);

    protected override Done Run(WriteDeviceAttribute request, OperationCall call)
    {
        GrantedAttribute attribute = call.Granted as GrantedAttribute ?? throw ConfiguratorException.Denied($"Attribute '{request.Name}' is not granted.");
        if (request.Value.Length > MaxChars)
        {
            throw ConfiguratorException.InvalidArgument($"A value of {request.Value.Length} characters is over the limit of {MaxChars}.");
        }

        if (attribute.Pattern is null || !attribute.Pattern.IsMatch(request.Value))
        {
            throw ConfiguratorException.Denied($"The policy's pattern for attribute '{request.Name}' does not allow this value.");
        }

        Require(services.Platform.Attributes).Write(attribute.Path, request.Value, call.Context);
        return Done.Instance;
    }
}
