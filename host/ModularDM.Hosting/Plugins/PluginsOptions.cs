namespace ModularDM.Hosting.Plugins;

/// <summary>Where plugins are found and how long their code may take.</summary>
public sealed class PluginsOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Plugins";

    /// <summary>The folder of the core plugins: only from here are sections of the vendors <c>modularDM</c> and <see cref="CoreVendor"/> accepted.</summary>
    /// <value>The default is <c>plugins</c> beside the program.</value>
    public string CoreFolder { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    /// <summary>The folders of OEM plugins, each holding one folder for each plugin. A folder that does not exist is skipped.</summary>
    /// <value>The default is <c>/usr/lib/modulardm/plugins</c> and <c>/var/lib/modulardm/plugins</c>; on Windows <c>%ProgramData%\ModularDM\plugins</c>.</value>
    public string[]? Folders { get; set; }

    /// <summary>The folder of the plugins' settings, <c>&lt;id&gt;.json</c>.</summary>
    /// <value>The default is <c>/etc/modulardm/plugins</c>; on Windows <c>%ProgramData%\ModularDM\settings</c>.</value>
    public string SettingsFolder { get; set; } = OperatingSystem.IsWindows() ? ProgramData("settings") : "/etc/modulardm/plugins";

    /// <summary>The folder in which each plugin is given a data folder of its own.</summary>
    /// <value>The default is <c>/var/lib/modulardm/data</c>; on Windows <c>%ProgramData%\ModularDM\data</c>.</value>
    public string DataFolder { get; set; } = OperatingSystem.IsWindows() ? ProgramData("data") : "/var/lib/modulardm/data";

    /// <summary>The vendor of names without a dot.</summary>
    /// <value>The default is <c>windows</c>, as in the published contract.</value>
    public string CoreVendor { get; set; } = "windows";

    /// <summary>Ids of plugins that are not to run.</summary>
    /// <value>The default is none.</value>
    public string[] Disabled { get; set; } = [];

    /// <summary>The longest that any Apply may take, whatever its attribute asks for.</summary>
    /// <value>The default is 3600.</value>
    public int MaxApplySeconds { get; set; } = 3600;

    /// <summary>The longest that any Read may take.</summary>
    /// <value>The default is 60.</value>
    public int MaxReadSeconds { get; set; } = 60;

    /// <summary>The longest that any method call may take.</summary>
    /// <value>The default is 300.</value>
    public int MaxMethodSeconds { get; set; } = 300;

    /// <summary>The longest that work begun by a method may take.</summary>
    /// <value>The default is 3600.</value>
    public int MaxWorkSeconds { get; set; } = 3600;

    /// <summary>Seconds that construction, and then each <c>StartAsync</c>, may take.</summary>
    /// <value>The default is 10.</value>
    public int StartSeconds { get; set; } = 10;

    /// <summary>Seconds that each <c>StopAsync</c> may take.</summary>
    /// <value>The default is 5.</value>
    public int StopSeconds { get; set; } = 5;

    /// <summary>Milliseconds between the moment a call's token fires and the moment the call is given up.</summary>
    /// <value>The default is 1000.</value>
    public int GraceMilliseconds { get; set; } = 1000;

    /// <summary>Calls of one plugin that run at once.</summary>
    /// <value>The default is 4.</value>
    public int MaxConcurrentCalls { get; set; } = 4;

    /// <summary>Calls of one plugin that wait; one more is refused.</summary>
    /// <value>The default is 64.</value>
    public int MaxWaitingCalls { get; set; } = 64;

    /// <summary>Deaths of the process in one plugin, without a clean stop between, that quarantine it at the next start.</summary>
    /// <value>The default is 3.</value>
    public int MaxDeaths { get; set; } = 3;

    internal IReadOnlyList<string> OemFolders =>
        Folders ?? (OperatingSystem.IsWindows() ? [ProgramData("plugins")] : ["/usr/lib/modulardm/plugins", "/var/lib/modulardm/plugins"]);

    internal TimeSpan Grace => TimeSpan.FromMilliseconds(GraceMilliseconds);

    private static string ProgramData(string folder) =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ModularDM", folder);
}
