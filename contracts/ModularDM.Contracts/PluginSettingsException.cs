namespace ModularDM.Contracts;

/// <summary>A plugin's settings file is not acceptable. The message names the file and every key to mend.</summary>
public sealed class PluginSettingsException : Exception
{
    /// <summary>The settings in <paramref name="file"/> are not acceptable.</summary>
    public PluginSettingsException(string file, IReadOnlyList<SectionError> errors)
        : base($"Settings file '{file}': {string.Join("; ", errors ?? throw new ArgumentNullException(nameof(errors)))}") => (File, Errors) = (file, errors);

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>All that is wrong.</summary>
    public IReadOnlyList<SectionError> Errors { get; }
}
