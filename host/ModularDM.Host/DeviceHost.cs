using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ModularDM.Host;

/// <summary>Builds the daemon: the device runtime on the generic host, as a systemd or Windows service or in a terminal.</summary>
public static class DeviceHost
{
    // Every user of the machine can read a command line.
    private static readonly string[] s_secrets = ["Hub:ConnectionString", "Hub:Provisioning:SymmetricKey", "Hub:Provisioning:GroupKey"];

    /// <summary>The daemon's configuration on an installed device.</summary>
    public static string DefaultConfigurationFile { get; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ModularDM", "host.json")
        : "/etc/modulardm/host.json";

    /// <summary>
    /// A builder with everything in place; an application adds its own services before it builds. Configuration comes from appsettings.json beside the program,
    /// then <paramref name="configurationFile"/>, then <c>hub.json</c> beside that one, which says who the device is, then environment variables <c>MODULARDM_Hub__CaFile</c> and the like, then <paramref name="settings"/>.
    /// </summary>
    /// <param name="settings">Settings of the command line, as <c>--Hub:CaFile=ca.pem</c>.</param>
    /// <param name="configurationFile">The device's configuration file; <see cref="DefaultConfigurationFile"/> when null, and then it need not exist.</param>
    /// <exception cref="FormatException">The command line holds a secret.</exception>
    public static HostApplicationBuilder CreateBuilder(string[] settings, string? configurationFile = null)
    {
        RefuseSecrets(settings);

        // The empty builder: the default one costs start-up time and memory for features that a daemon does not use.
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "mdm-host" });
        builder.Configuration
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true, reloadOnChange: false)
            .AddJsonFile(Path.GetFullPath(configurationFile ?? DefaultConfigurationFile), optional: configurationFile is null, reloadOnChange: false)
            .AddJsonFile(IdentityFile(configurationFile ?? DefaultConfigurationFile), optional: true, reloadOnChange: false)
            .AddEnvironmentVariables("MODULARDM_")
            .AddCommandLine(settings);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        if (SystemdHelpers.IsSystemdService())
        {
            builder.Logging.AddSystemdConsole(options => options.IncludeScopes = true);
        }
        else
        {
            builder.Logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.IncludeScopes = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        // The trace id in every line is how support gets from a log to a trace.
        builder.Logging.Configure(options => options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId);
        builder.Services.AddSystemd();
        builder.Services.AddWindowsService(options => options.ServiceName = "ModularDMHost");
        builder.Services.AddModularDM();
        return builder;
    }

    /// <summary>The file in which <c>mdm-host provision</c> writes down who the device is.</summary>
    internal static string IdentityFile(string configurationFile) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(configurationFile))!, "hub.json");

    private static void RefuseSecrets(string[] settings)
    {
        IConfigurationRoot commandLine = new ConfigurationBuilder().AddCommandLine(settings).Build();
        if (s_secrets.FirstOrDefault(key => commandLine[key] is not null) is { } secret)
        {
            string variable = "MODULARDM_" + secret.Replace(":", "__", StringComparison.Ordinal);
            throw new FormatException($"{secret} is a secret and does not belong on the command line, which others can read; use {secret}File or the environment variable {variable}.");
        }
    }

    /// <summary>All that is wrong with the configuration, each with the key to type; empty when all is well. To be asked before the host is run.</summary>
    public static IReadOnlyList<string> FindMistakes(IHost host)
    {
        try
        {
            host.Services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (OptionsValidationException e)
        {
            return [.. e.Failures];
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return [.. e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures)];
        }
    }
}
