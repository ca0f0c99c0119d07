namespace ModularDM.Configurator.Server;

/// <summary>The bounds of the server. Generous: they stop a runaway or hostile caller, not a busy one.</summary>
internal sealed record ServerOptions
{
    /// <summary>Connections at a time.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>Connections at a time of one caller (uid or SID).</summary>
    public int MaxConnectionsPerCaller { get; init; } = 32;

    /// <summary>Requests of one connection that are worked on at a time; one more is answered with Busy.</summary>
    public int MaxInFlight { get; init; } = 16;

    /// <summary>Frames per second of one caller.</summary>
    public int FramesPerSecond { get; init; } = 100_000;

    /// <summary>Changes per second of one caller.</summary>
    public int ChangesPerSecond { get; init; } = 1_000;

    /// <summary>How long a new connection may take for its hello.</summary>
    public TimeSpan HelloLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection may stay silent with nothing in flight.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a caller may take to read an answer.</summary>
    public TimeSpan WriteLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long running operations may take to finish when the service stops.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(5);
}
