namespace ModularDM.Hub.Local.Faults;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The link is closed with a FIN.</summary>
    Drop,

    /// <summary>The link is closed with an RST.</summary>
    Reset,

    /// <summary>The link stays open, but no byte passes it in either direction, nor a FIN, until the device closes it.</summary>
    BlackHole,

    /// <summary>Bytes of a link, or answers of the REST API, come later by <see cref="Fault.Delay"/>.</summary>
    Delay,

    /// <summary>The hub is busy: CONNACK 3, or 429.</summary>
    Throttle,

    /// <summary>The hub does not accept the caller: CONNACK 5, or 401.</summary>
    Refuse,

    /// <summary>The hub does the work, but its answer is lost.</summary>
    LoseAnswer,

    /// <summary>The hub's clock is off by <see cref="Fault.Skew"/> when it looks at the token of a connection or a request.</summary>
    ClockSkew,
}

/// <summary>When a fault strikes.</summary>
public enum FaultOperation
{
    /// <summary>At once on links that are open, and on each that is opened.</summary>
    Link,

    /// <summary>A device connects.</summary>
    Connect,

    /// <summary>A device asks for its twin.</summary>
    TwinGet,

    /// <summary>A device patches its reported properties.</summary>
    TwinReport,

    /// <summary>The hub notifies a device of desired properties.</summary>
    Desired,

    /// <summary>The hub sends a method to a device.</summary>
    Method,

    /// <summary>A device answers a method.</summary>
    MethodAnswer,

    /// <summary>A device sends a message.</summary>
    Message,

    /// <summary>A service reads or changes a twin.</summary>
    RestTwin,

    /// <summary>A service calls a method.</summary>
    RestMethod,

    /// <summary>A service asks for identities or their number, or changes one.</summary>
    RestRegistry,

    /// <summary>A service queries.</summary>
    RestQuery,

    /// <summary>A service does anything else; the faults' own API is never hit.</summary>
    RestOther,
}

/// <summary>Which way bytes go.</summary>
public enum FaultDirection
{
    /// <summary>Either way.</summary>
    Both,

    /// <summary>From the device to the hub.</summary>
    ToHub,

    /// <summary>From the hub to the device.</summary>
    ToDevice,
}
