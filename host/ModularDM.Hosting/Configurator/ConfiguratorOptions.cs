using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Hosting.Configurator;

/// <summary>Where the root service listens, and how long it may take. Section <c>Configurator</c>.</summary>
public sealed class ConfiguratorOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Configurator";

    /// <summary>An absolute path is a Unix domain socket; on Windows a bare name is a named pipe.</summary>
    /// <value>Default: <c>/run/modulardm/configurator.sock</c>; on Windows the pipe <c>modulardm-configurator</c>.</value>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Configurator:Endpoint is required: a socket's absolute path, or on Windows a pipe's name.")]
    public string Endpoint { get; set; } = OperatingSystem.IsWindows() ? ConfiguratorProtocol.DefaultPipeName : ConfiguratorProtocol.DefaultSocketPath;

    /// <summary>Seconds that one request may take, connecting included. Root is told and gives up by then too.</summary>
    /// <value>Default: 30. From 1 to 600.</value>
    [SettingRange("Configurator:RequestTimeoutSeconds", 1, 600)]
    public int RequestTimeoutSeconds { get; set; } = 30;
}

/// <summary>Checks <see cref="ConfiguratorOptions"/> when the host starts.</summary>
internal sealed class ConfiguratorOptionsValidator : IValidateOptions<ConfiguratorOptions>
{
    private readonly ConfiguratorAnnotations _annotations = new();

    public ValidateOptionsResult Validate(string? name, ConfiguratorOptions options)
    {
        ValidateOptionsResult result = _annotations.Validate(name, options);
        if (result.Failed || OperatingSystem.IsWindows() || Path.IsPathRooted(options.Endpoint))
        {
            return result;
        }

        return ValidateOptionsResult.Fail($"Configurator:Endpoint must be an absolute path here; it is '{options.Endpoint}'.");
    }
}

[OptionsValidator]
internal sealed partial class ConfiguratorAnnotations : IValidateOptions<ConfiguratorOptions>;
