namespace ModularDM.Plugins.Reboot;

/// <summary>The last time a reboot was asked for, and what was answered.</summary>
/// <param name="Time">When it was asked for.</param>
/// <param name="Status"><see cref="Accepted"/>, <see cref="Failed"/>, or the response that refused it.</param>
internal sealed record LastCommand(DateTimeOffset Time, string Status)
{
    public const string Accepted = "accepted";
    public const string Failed = "failed";
}
