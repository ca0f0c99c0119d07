namespace ModularDM.Contracts;

/// <summary>Optional companion of a section or method class: background work between start and stop, such as a sensor's readings.</summary>
/// <remarks>
/// The host calls <see cref="StartAsync"/> once, right after the plugin is activated and before its first Apply or method, and <see cref="StopAsync"/> once before the
/// process ends. A plugin that is to run without waiting for its first section says <c>"activation": "startup"</c> in its manifest.
/// </remarks>
public interface IPluginLifecycle
{
    /// <summary>Begins the background work and returns. Limit: 10 seconds.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends the background work. Limit: 5 seconds. May be called although Start failed.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
