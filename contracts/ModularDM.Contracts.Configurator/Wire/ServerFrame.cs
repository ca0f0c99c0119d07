using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator.Wire;

/// <summary>What the configurator sends. The first frame is a <see cref="ServerHello"/>, or a <see cref="ResponseFrame"/> with id 0 that refuses the connection.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "frame", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ServerHello), "hello")]
[JsonDerivedType(typeof(ResponseFrame), "response")]
public abstract record ServerFrame;

/// <summary>Answers <see cref="ClientHello"/>.</summary>
public sealed record ServerHello : ServerFrame
{
    /// <summary>See <see cref="ConfiguratorProtocol.Version"/>.</summary>
    public required int Protocol { get; init; }

    /// <summary>The configurator's product version, for the log.</summary>
    public required string Version { get; init; }

    /// <summary>linux, windows or simulated.</summary>
    public required string Platform { get; init; }

    /// <summary>The operations that this platform supports, by wire name. One that is missing is answered with <see cref="ConfiguratorErrorCode.NotSupported"/>.</summary>
    public required IReadOnlyList<string> Operations { get; init; }
}

/// <summary>The answer to one request: a result or an error, never both.</summary>
public sealed record ResponseFrame : ServerFrame
{
    /// <summary>The request's id; 0 when the frame that is answered could not be read.</summary>
    public required long Id { get; init; }

    /// <summary>What came out, on success.</summary>
    public ConfiguratorResponse? Result { get; init; }

    /// <summary>What went wrong otherwise.</summary>
    public ConfiguratorError? Error { get; init; }

    /// <summary>When root worked and on what; null when the request never reached an operation.</summary>
    public OperationTiming? Timing { get; init; }
}

/// <summary>The time root spent, for the host to emit as spans: root has no exporter and no network.</summary>
public sealed record OperationTiming
{
    /// <summary>Start, in nanoseconds since the Unix epoch by root's clock.</summary>
    public required long StartUnixNanos { get; init; }

    /// <summary>Length in nanoseconds by a monotonic clock.</summary>
    public required long DurationNanos { get; init; }

    /// <summary>The steps inside, in order: "authorize", "audit", "syncml Replace ./Device/...", "dbus org.freedesktop.timedate1.SetTimezone".</summary>
    public IReadOnlyList<OperationStep> Steps
    {
        // Not an initialiser: the JSON source generator would overwrite it with null when the member is absent.
        get => field ?? [];
        init;
    }
}

/// <summary>One step of an operation.</summary>
/// <param name="Name">What was done; never a value.</param>
/// <param name="OffsetNanos">Nanoseconds after the operation's start.</param>
/// <param name="DurationNanos">Length in nanoseconds.</param>
/// <param name="Failed">True when the step failed.</param>
public sealed record OperationStep(string Name, long OffsetNanos, long DurationNanos, bool Failed = false);
