using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.State;

namespace ModularDM.Configurator.Operations;

/// <summary>What operations work with.</summary>
internal sealed record OperationServices(IPlatform Platform, RootStateStore State, RebootRules RebootRules);
