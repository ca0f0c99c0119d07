using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Runtime;

/// <summary>Where the runtime keeps what it must remember.</summary>
public sealed class RuntimeOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Runtime";

    /// <summary>The folder for the twin's state, the plugins' data and the flight recorder. It is made when it is missing, for this user alone.</summary>
    /// <value>The default is <c>/var/lib/modulardm</c>, or <c>%ProgramData%\ModularDM</c> on Windows.</value>
    [Required(ErrorMessage = "Runtime:DataFolder is required: the folder in which the device keeps its state.")]
    public string DataFolder { get; set; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ModularDM")
        : "/var/lib/modulardm";
}

[OptionsValidator]
internal sealed partial class RuntimeOptionsValidator : IValidateOptions<RuntimeOptions>;
