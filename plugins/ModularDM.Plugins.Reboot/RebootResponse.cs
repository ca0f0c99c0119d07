namespace ModularDM.Plugins.Reboot;

/// <summary>The words of <c>rebootCmd.response</c>.</summary>
internal static class RebootResponse
{
    public const string Scheduled = "scheduled";
    public const string Disabled = "disabled";
    public const string InActiveHours = "inActiveHours";
    public const string RejectedByApp = "rejectedByApp";
}
