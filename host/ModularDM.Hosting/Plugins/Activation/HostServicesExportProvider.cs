using System.Composition.Hosting.Core;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>Offers the host's services to a plugin's container. They stay the host's: disposing the container leaves them alone.</summary>
internal sealed class HostServicesExportProvider(IPluginContext context, ILoggerFactory loggers) : ExportDescriptorProvider
{
    private readonly Dictionary<Type, object> _services = new()
    {
        [typeof(IPluginContext)] = context,
        [typeof(ILogger)] = context.Logger,
        [typeof(ILoggerFactory)] = loggers,
        [typeof(TimeProvider)] = context.Clock,
        [typeof(IConfigurator)] = context.Configurator,
        [typeof(ITwinReporter)] = context.Twin,
        [typeof(IMessageSender)] = context.Messages,
        [typeof(IApplication)] = context.Application,
    };

    public bool Offers(Type type) => _services.ContainsKey(type) || IsTypedLogger(type);

    public override IEnumerable<ExportDescriptorPromise> GetExportDescriptors(CompositionContract contract, DependencyAccessor descriptorAccessor)
    {
        Type type = contract.ContractType;
        if (contract.ContractName is not null || contract.MetadataConstraints is not null || !Offers(type))
        {
            return NoExportDescriptors;
        }

        object service = _services.TryGetValue(type, out object? known)
            ? known
            : Activator.CreateInstance(typeof(Logger<>).MakeGenericType(type.GenericTypeArguments), loggers)!;
        return [new ExportDescriptorPromise(contract, "ModularDM host", true, NoDependencies, _ => ExportDescriptor.Create((_, _) => service, NoMetadata))];
    }

    private static bool IsTypedLogger(Type type) => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(ILogger<>);
}
