using System.Text.Json;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations;

/// <summary>The parts of a device that are changed independently; changes to one part wait for each other.</summary>
internal enum OperationArea
{
    DeviceInfo,
    TimeZone,
    Ntp,
    TimeService,
    Reboot,
    Telemetry,
    Attributes,
    Csp,
    Tools,
    Files,
}

/// <summary>One call of an operation: its context, for which plugin, and what the policy granted it, if it names the thing.</summary>
internal sealed record OperationCall(OperationContext Context, string Plugin, GrantedThing? Granted = null);

/// <summary>What root does for one kind of request.</summary>
internal abstract class Operation(OperationArea area)
{
    public OperationArea Area { get; } = area;

    public abstract Type RequestType { get; }

    public abstract bool IsReadOnly { get; }

    public abstract bool IsSupportedBy(IPlatform platform);

    /// <summary>What a platform that does not support it lacks, as the end of a sentence; null says nothing more.</summary>
    public virtual string? Lacking => null;

    /// <summary>What has to happen before it is performed, unless the policy says something else. What cannot be taken back asks for two calls.</summary>
    public virtual ConfirmMode ConfirmByDefault => ConfirmMode.OneCall;

    /// <summary>Checks the arguments, then acts. May be repeated with the same arguments.</summary>
    /// <exception cref="ConfiguratorException">It was not done, and why.</exception>
    public abstract ConfiguratorResponse Run(ConfiguratorRequest request, OperationCall call);

    /// <summary>The request for the audit record, as JSON.</summary>
    public virtual string DescribeArguments(ConfiguratorRequest request, OperationCall call) =>
        JsonSerializer.Serialize(request, ConfiguratorJson.Default.ConfiguratorRequest);
}

/// <inheritdoc cref="Operation"/>
internal abstract class Operation<TRequest, TResponse>(OperationArea area) : Operation(area)
    where TRequest : ConfiguratorRequest<TResponse>
    where TResponse : ConfiguratorResponse
{
    public sealed override Type RequestType => typeof(TRequest);

    public sealed override bool IsReadOnly => typeof(IReadOnlyRequest).IsAssignableFrom(typeof(TRequest));

    public sealed override ConfiguratorResponse Run(ConfiguratorRequest request, OperationCall call) => Run((TRequest)request, call);

    protected abstract TResponse Run(TRequest request, OperationCall call);

    /// <summary>The area of the platform, which <see cref="Operation.IsSupportedBy"/> said is there.</summary>
    protected static TArea Require<TArea>(TArea? area)
        where TArea : class => area ?? throw ConfiguratorException.NotSupported($"{typeof(TRequest).Name} is not supported on this platform.");
}
