namespace ModularDM.Contracts;

/// <summary>Questions to the application that embeds the runtime. The host puts a limit on each; no answer in time counts as "yes".</summary>
public interface IApplication
{
    /// <summary>May the device reboot now?</summary>
    /// <param name="reason">Why it should, in words for a person.</param>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    Task<bool> IsRebootAllowedAsync(string reason, CancellationToken cancellationToken);
}
