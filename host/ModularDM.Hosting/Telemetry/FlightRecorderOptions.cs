using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Telemetry;

/// <summary>The recorder that keeps the last traces on the device. Section <c>Telemetry:FlightRecorder</c>.</summary>
public sealed class FlightRecorderOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Telemetry:FlightRecorder";

    /// <summary>Whether traces are kept.</summary>
    /// <value>Default: true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>The folder; it is made when it is missing, readable for the runtime's user alone.</summary>
    /// <value>Default: <c>traces</c> in systemd's state folder, else <c>/var/lib/modulardm/traces</c>; on Windows <c>%ProgramData%\ModularDM\traces</c>.</value>
    public string Folder { get; set; } = Path.Combine(StateFolder(), "traces");

    /// <summary>Bytes that all files together may have. The oldest quarter goes when they are used up.</summary>
    /// <value>Default: 1048576. From 16384 to 1073741824.</value>
    [SettingRange("Telemetry:FlightRecorder:MaxBytes", 16 * 1024, 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 1024 * 1024;

    private static string StateFolder()
    {
        // systemd may name several folders; the first is ours.
        if (Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } state)
        {
            return state.Split(':')[0];
        }

        return OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ModularDM")
            : "/var/lib/modulardm";
    }
}

[OptionsValidator]
internal sealed partial class FlightRecorderOptionsValidator : IValidateOptions<FlightRecorderOptions>;
