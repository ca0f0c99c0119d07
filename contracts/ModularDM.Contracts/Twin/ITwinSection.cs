namespace ModularDM.Contracts.Twin;

/// <summary>
/// A section of the device twin: makes the device what the desired section says, and tells what is true.
/// </summary>
/// <remarks>
/// <para><b>Order.</b> The runtime never runs two calls of one section at once, and calls <see cref="ReadAsync"/> after every
/// <see cref="ApplyAsync"/>, whatever came out of it. Sections run beside each other; use <see cref="TwinSectionAttribute.After"/> where order matters.</para>
/// <para><b>Repeat.</b> Applying the same value twice must leave the device as applying it once: after a crash, a lost answer or a power cut the runtime applies again.</para>
/// <para><b>Threads.</b> Calls start on a thread that nobody else needs meanwhile; blocking there delays only this plugin.</para>
/// <para><b>Time.</b> The token fires at the limit (<see cref="TwinSectionAttribute.ApplyTimeoutSeconds"/>) and at shutdown. A call that goes on is abandoned:
/// its <see cref="IPluginContext"/> stops working and the plugin is quarantined.</para>
/// <para><b>Errors.</b> A failure that can be foreseen is a result. An exception counts as a fault of the plugin.</para>
/// </remarks>
public interface ITwinSection
{
    /// <summary>Makes the device what <paramref name="desired"/> says.</summary>
    /// <param name="desired">The whole section, merged; never only the patch.</param>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken);

    /// <summary>Reads what is true on the device now; never an echo of what was desired, never a secret.</summary>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    Task<SectionReport> ReadAsync(CancellationToken cancellationToken);
}
