using Microsoft.Extensions.Options;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins;

/// <summary>Finds all that is wrong with the settings of plugins and sections, naming each key.</summary>
internal sealed class PluginsOptionsValidator : IValidateOptions<PluginsOptions>, IValidateOptions<SectionsOptions>
{
    public ValidateOptionsResult Validate(string? name, PluginsOptions options)
    {
        var failures = new List<string>();
        Folder(nameof(options.CoreFolder), options.CoreFolder);
        Folder(nameof(options.SettingsFolder), options.SettingsFolder);
        Folder(nameof(options.DataFolder), options.DataFolder);
        for (int i = 0; i < options.OemFolders.Count; i++)
        {
            Folder($"{nameof(options.Folders)}:{i}", options.OemFolders[i]);
        }

        if (!IsName(options.CoreVendor) || options.CoreVendor.Contains('.', StringComparison.Ordinal))
        {
            failures.Add($"Plugins:CoreVendor is '{options.CoreVendor}': expected 1 to 64 letters, digits, '-' or '_', beginning with a letter.");
        }

        Range(nameof(options.MaxApplySeconds), options.MaxApplySeconds, 1, TwinSectionAttribute.MaxTimeoutSeconds);
        Range(nameof(options.MaxReadSeconds), options.MaxReadSeconds, 1, TwinSectionAttribute.MaxTimeoutSeconds);
        Range(nameof(options.MaxMethodSeconds), options.MaxMethodSeconds, 1, 300);
        Range(nameof(options.MaxWorkSeconds), options.MaxWorkSeconds, 1, 86_400);
        Range(nameof(options.StartSeconds), options.StartSeconds, 1, 300);
        Range(nameof(options.StopSeconds), options.StopSeconds, 1, 60);
        Range(nameof(options.GraceMilliseconds), options.GraceMilliseconds, 1, 60_000);
        Range(nameof(options.MaxConcurrentCalls), options.MaxConcurrentCalls, 1, 64);
        Range(nameof(options.MaxWaitingCalls), options.MaxWaitingCalls, 1, 10_000);
        Range(nameof(options.MaxDeaths), options.MaxDeaths, 1, 100);
        return Result(failures);

        void Folder(string key, string value)
        {
            if (string.IsNullOrWhiteSpace(value) || !Path.IsPathFullyQualified(value))
            {
                failures.Add($"Plugins:{key} is '{value}': expected a full path.");
            }
        }

        void Range(string key, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                failures.Add($"Plugins:{key} is {value}: expected {least} to {most}.");
            }
        }
    }

    public ValidateOptionsResult Validate(string? name, SectionsOptions options)
    {
        var failures = new List<string>();
        for (int i = 0; i < options.Disabled.Length; i++)
        {
            if (!IsName(options.Disabled[i]))
            {
                failures.Add($"Sections:Disabled:{i} is '{options.Disabled[i]}': expected 'section' or 'vendor.section'.");
            }
        }

        return Result(failures);
    }

    private static ValidateOptionsResult Result(List<string> failures) =>
        failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

    private static bool IsName(string name)
    {
        try
        {
            SectionName.Parse(name, "x");
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
