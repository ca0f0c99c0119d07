using Microsoft.Extensions.Logging;
using ModularDM.Hosting.Plugins.Activation;

namespace ModularDM.Hosting.Plugins;

/// <summary>What all plugins of one host share.</summary>
internal sealed record PluginServices(PluginsOptions Options, TimeProvider Clock, ILoggerFactory Loggers, CrashMarker Marker, IServiceProvider Host);
