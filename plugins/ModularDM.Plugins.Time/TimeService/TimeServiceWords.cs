namespace ModularDM.Plugins.Time.TimeService;

/// <summary>The words of the published contract.</summary>
internal static class TimeServiceWords
{
    public const string Yes = "yes";
    public const string No = "no";
    public const string Auto = "auto";
    public const string Manual = "manual";
    public const string Local = "local";
    public const string Remote = "remote";
    public const string NotApplicable = "n/a";
}
