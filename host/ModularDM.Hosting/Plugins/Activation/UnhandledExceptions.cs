using System.Diagnostics;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>Keeps what a plugin throws from <c>async void</c> or a thread of its own from ending the process. What is not a plugin's goes the normal way.</summary>
internal static class UnhandledExceptions
{
    private static readonly Lazy<bool> s_installed = new(Install);

    /// <summary>Sets the handler, once in a process; false when the application has set one of its own.</summary>
    public static bool EnsureInstalled() => s_installed.Value;

    /// <summary>The plugin whose code an exception came out of; null when it is not a plugin's.</summary>
    internal static PluginLoadContext? Culprit(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (ContextOf(e.TargetSite) is { } direct)
            {
                return direct;
            }

            // Thrown deep inside the runtime on the plugin's behalf: the innermost frame of a plugin is the one that asked for it.
            foreach (StackFrame frame in new StackTrace(e, fNeedFileInfo: false).GetFrames())
            {
                if (ContextOf(frame.GetMethod()) is { } caller)
                {
                    return caller;
                }
            }
        }

        return null;
    }

    private static PluginLoadContext? ContextOf(MethodBase? method) =>
        method is null ? null : AssemblyLoadContext.GetLoadContext(method.Module.Assembly) as PluginLoadContext;

    private static bool Install()
    {
        try
        {
            ExceptionHandling.SetUnhandledExceptionHandler(Handle);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool Handle(Exception exception)
    {
        if (Culprit(exception) is not { } culprit)
        {
            return false;
        }

        if (culprit.OnUnhandled is { } owner)
        {
            owner(exception);
        }
        else
        {
            // Its host has stopped; there is no log left but this.
            Console.Error.WriteLine($"ModularDM: plugin '{culprit.Name}' threw after it was stopped: {exception}");
        }

        return true;
    }
}
