using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator.Wire;

/// <summary>What the host sends. The first frame is a <see cref="ClientHello"/>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "frame", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ClientHello), "hello")]
[JsonDerivedType(typeof(RequestFrame), "request")]
[JsonDerivedType(typeof(CancelFrame), "cancel")]
[JsonDerivedType(typeof(RevokeLeaseFrame), "revokeLease")]
public abstract record ClientFrame;

/// <summary>Who speaks, and in which version.</summary>
public sealed record ClientHello : ClientFrame
{
    /// <summary>See <see cref="ConfiguratorProtocol.Version"/>.</summary>
    public required int Protocol { get; init; }

    /// <summary>The host's product version, for the log.</summary>
    public required string Version { get; init; }
}

/// <summary>One request in its envelope.</summary>
public sealed record RequestFrame : ClientFrame
{
    /// <summary>Chosen by the client; the answer carries it back. Unique among this connection's requests in flight.</summary>
    public required long Id { get; init; }

    /// <summary>
    /// The plugin for which the host asks. Inside one process this guards against mistakes, not against hostile code (design, section 5).
    /// </summary>
    public required string Plugin { get; init; }

    /// <summary>The lease of the plugin call under way; 0 when the host itself asks.</summary>
    public long Lease { get; init; }

    /// <summary>Milliseconds the client will wait, 1 to 600000. Root gives up by then too.</summary>
    public required int DeadlineMs { get; init; }

    /// <summary>W3C trace context of the client's span; null when nothing is traced.</summary>
    public string? Traceparent { get; init; }

    /// <summary>What is asked.</summary>
    public required ConfiguratorRequest Request { get; init; }
}

/// <summary>Gives up one request. Root stops at the next safe point; the answer still comes.</summary>
public sealed record CancelFrame : ClientFrame
{
    /// <summary>The request's id.</summary>
    public required long Id { get; init; }
}

/// <summary>Ends a lease: requests under it that are waiting or still to come are refused with <see cref="ConfiguratorErrorCode.Revoked"/>.</summary>
public sealed record RevokeLeaseFrame : ClientFrame
{
    /// <summary>The lease.</summary>
    public required long Lease { get; init; }
}
