using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;

namespace ModularDM.Configurator.Server;

/// <summary>What all sessions share.</summary>
internal sealed record SessionServices(
    Policy Policy,
    OperationRegistry Registry,
    RequestPipeline Pipeline,
    CallerLimitsTable Limits,
    ServerOptions Options,
    TimeProvider Clock,
    ServerLog Log,
    string Version);
