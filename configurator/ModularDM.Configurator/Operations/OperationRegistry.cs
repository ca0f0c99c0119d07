using System.Collections.Frozen;
using ModularDM.Configurator.Operations.Attributes;
using ModularDM.Configurator.Operations.Csp;
using ModularDM.Configurator.Operations.DeviceInfo;
using ModularDM.Configurator.Operations.Files;
using ModularDM.Configurator.Operations.Ntp;
using ModularDM.Configurator.Operations.Reboot;
using ModularDM.Configurator.Operations.Telemetry;
using ModularDM.Configurator.Operations.TimeService;
using ModularDM.Configurator.Operations.TimeZone;
using ModularDM.Configurator.Operations.Tools;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Operations;

/// <summary>The one table from request to operation.</summary>
internal sealed class OperationRegistry
{
    private readonly FrozenDictionary<Type, Operation> _operations;
    private readonly FrozenSet<Operation> _supported;

    public OperationRegistry(OperationServices services)
    {
        Operation[] all =
        [
            new GetDeviceInfoOperation(services),
            new GetTimeZoneOperation(services),
            new SetTimeZoneOperation(services),
            new GetNtpServerOperation(services),
            new SetNtpServerOperation(services),
            new GetTimeServiceOperation(services),
            new SetTimeServiceOperation(services),
            new GetRebootScheduleOperation(services),
            new SetRebootScheduleOperation(services),
            new GetRebootPolicyOperation(services),
            new SetAllowRebootsOperation(services),
            new RebootNowOperation(services),
            new GetTelemetryLevelOperation(services),
            new SetTelemetryLevelOperation(services),
            new ReadAttributeOperation(services),
            new WriteAttributeOperation(services),
            new CspOperation(services),
            new RunAllowedToolOperation(services),
            new WriteAllowedFileOperation(services),
        ];
        _operations = all.ToFrozenDictionary(operation => operation.RequestType);
        _supported = all.Where(operation => operation.IsSupportedBy(services.Platform)).ToFrozenSet();
        Supported = [.. ConfiguratorJson.Default.ConfiguratorRequest.PolymorphismOptions!.DerivedTypes
            .Where(derived => _operations.TryGetValue(derived.DerivedType, out Operation? operation) && _supported.Contains(operation))
            .Select(derived => (string)derived.TypeDiscriminator!)
            .Order(StringComparer.Ordinal)];
        Platform = services.Platform.Name;
    }

    /// <summary>linux, windows or simulated.</summary>
    public string Platform { get; }

    /// <summary>Wire names of what this platform can do.</summary>
    public IReadOnlyList<string> Supported { get; }

    public IReadOnlyCollection<Operation> All => _operations.Values;

    public bool IsSupported(Operation operation) => _supported.Contains(operation);

    public Operation Find(ConfiguratorRequest request) => _operations[request.GetType()];
}
