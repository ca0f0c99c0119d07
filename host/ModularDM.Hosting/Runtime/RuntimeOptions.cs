using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Runtime;

/// <summary>Where the runtime keeps what it must remember.</summary>
public sealed class RuntimeOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Runtime";

    /// <summary>The folder for what is known of the twin. It is made when it is missing, for this user alone.</summary>
    /// <value>The default is <c>/var/lib/modulardm</c>, or <c>%ProgramData%\ModularDM</c> on Windows.</value>
    public string DataFolder { get; set; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ModularDM")
        : "/var/lib/modulardm";
}

internal sealed class RuntimeOptionsValidator : IValidateOptions<RuntimeOptions>
{
    public ValidateOptionsResult Validate(string? name, RuntimeOptions options) => string.IsNullOrWhiteSpace(options.DataFolder)
        ? ValidateOptionsResult.Fail("Runtime:DataFolder is required: the folder in which the device keeps its state.")
        : ValidateOptionsResult.Success;
}
