using System.Globalization;

namespace ModularDM.Hosting.Plugins;

/// <summary>A plugin could not be loaded, composed or started, or cannot be called. The message is one line for an operator.</summary>
internal sealed class PluginException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    public static PluginException MissingDependency(string assembly, Exception cause) => new($"missing dependency: {assembly}", cause);

    public static PluginException AssemblyUnusable(string file, Exception cause) => new($"the assembly '{file}' cannot be loaded: {Words(cause)}", cause);

    public static PluginException TypeMissing(string type, Exception cause) => new($"class {type} cannot be loaded: {Words(cause)}", cause);

    public static PluginException WrongType(string type, string contract) => new($"class {type} has [{contract}] but does not implement the interface that it stands for");

    public static PluginException ConstructorThrew(string type, Exception cause) => new($"constructor of {type} threw {Words(cause)}", cause);

    public static PluginException UnsatisfiedImport(string type, string imports) => new($"unsatisfied import: {type} needs {imports}, which neither the host nor the plugin exports");

    public static PluginException CompositionFailed(string type, Exception cause) => new($"{type} cannot be composed: {FirstLine(cause.Message)}", cause);

    public static PluginException StartThrew(string type, Exception cause) => new($"StartAsync of {type} threw {Words(cause)}", cause);

    public static PluginException OutOfTime(string what, TimeSpan limit) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{what} did not end within {limit.TotalSeconds:0.###} s"));

    public static PluginException RetryLater(string reason, TimeSpan wait) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{reason} (tried again in {Math.Ceiling(wait.TotalSeconds)} s)"));

    /// <summary>The kind and the first line of a message, short enough for a twin.</summary>
    public static string Words(Exception e) => $"{e.GetType().Name}: {FirstLine(e.Message)}";

    private static string FirstLine(string text)
    {
        ReadOnlySpan<char> line = text.AsSpan();
        int end = line.IndexOfAny('\r', '\n');
        line = end < 0 ? line : line[..end];
        return line.Length > 200 ? $"{line[..197]}..." : line.ToString();
    }
}
