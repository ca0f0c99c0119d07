using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts;

/// <summary>
/// All that the host offers a plugin. Import it in the constructor of any exported class; every part of the plugin gets the same one.
/// </summary>
/// <remarks>
/// May be used from any thread. Each call into the plugin holds a lease on its context: when the host gives a call up, whatever that call still does here throws
/// <see cref="OperationCanceledException"/>. Background work of <see cref="IPluginLifecycle"/> holds a lease from Start to Stop.
/// </remarks>
public interface IPluginContext
{
    /// <summary>The plugin's id, <c>vendor.name</c>, as in its manifest.</summary>
    string PluginId { get; }

    /// <summary>Writes to the host's log, under the plugin's id.</summary>
    ILogger Logger { get; }

    /// <summary>A folder of the plugin's own that survives restarts; it exists, and only this plugin is given it.</summary>
    string DataFolder { get; }

    /// <summary>The clock. Use it for every wait and every timestamp, so that tests can turn it.</summary>
    TimeProvider Clock { get; }

    /// <summary>The root service.</summary>
    IConfigurator Configurator { get; }

    /// <summary>Reports of the plugin's own accord.</summary>
    ITwinReporter Twin { get; }

    /// <summary>Device-to-cloud messages.</summary>
    IMessageSender Messages { get; }

    /// <summary>Questions to the application that embeds the runtime.</summary>
    IApplication Application { get; }

    /// <summary>Reads the plugin's settings from <c>plugins/&lt;id&gt;.json</c> in the configuration folder.</summary>
    /// <returns>The settings; those of an empty object when there is no file.</returns>
    /// <exception cref="PluginSettingsException">The file is not JSON, or members are unknown, missing, of the wrong type or out of range; all of them are named.</exception>
    T ReadSettings<T>(JsonTypeInfo<T> typeInfo)
        where T : class;
}
