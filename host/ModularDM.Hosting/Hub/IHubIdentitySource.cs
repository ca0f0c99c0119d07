namespace ModularDM.Hosting.Hub;

/// <summary>Knows as whom the next connection is made: a connection string says so, or the provisioning service.</summary>
internal interface IHubIdentitySource
{
    /// <summary>The hub, or what leads to it; with <see cref="Name"/> it names the local state, and it stays while the process lives.</summary>
    string Scope { get; }

    /// <summary>The device, or the module of it.</summary>
    string Name { get; }

    /// <summary>As whom to connect now.</summary>
    /// <exception cref="HubException">That cannot be found out now.</exception>
    Task<HubIdentity> GetAsync(CancellationToken cancellationToken);

    /// <summary>Is told that a connection was made.</summary>
    void Connected();

    /// <summary>Is told that a connection was not made.</summary>
    void Failed(HubFailure failure);

    /// <summary>Looks after what has an end, until the runtime stops.</summary>
    Task WatchAsync(CancellationToken cancellationToken);
}
