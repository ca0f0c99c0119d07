using ModularDM.Hosting.Configurator;

namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>The leases of one plugin: one for its background work, and one for each call.</summary>
internal sealed class PluginLeases(string pluginId, Func<IConfiguratorChannel> channel)
{
    private volatile PluginLease? _background;

    /// <summary>Begins the lease of the background work, which is also the one of code that a finished call left behind.</summary>
    public void BeginBackground() => _background = new PluginLease(this);

    public void RevokeBackground()
    {
        if (_background is { } background)
        {
            Revoke(background);
        }
    }

    public PluginLease BeginCall() => new(this);

    /// <summary>Ends a lease at once, here and at root.</summary>
    public void Revoke(PluginLease lease)
    {
        if (!lease.IsRevoked)
        {
            lease.Revoke();
            channel().RevokeLease(lease.Id);
        }
    }

    /// <summary>The lease that the running code holds.</summary>
    /// <exception cref="OperationCanceledException">The host gave it up.</exception>
    public PluginLease Require()
    {
        // A timer that an Apply started goes on under the lease of the background work when that Apply is over.
        PluginLease? lease = PluginLease.Current is { HasEnded: false } current && current.Owner == this ? current : _background;
        return lease is { IsRevoked: false }
            ? lease
            : throw new OperationCanceledException($"The host gave up this call of plugin '{pluginId}', or stopped the plugin; its context no longer works.");
    }
}
