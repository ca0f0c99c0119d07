using ModularDM.Hub.Local.Faults;

namespace ModularDM.EndToEnd.Tests.Faults;

/// <summary>What a device is doing when faults strike.</summary>
internal enum Phase
{
    Apply,
    Report,
    Method,
}

/// <summary>Faults in one phase.</summary>
/// <param name="Phase">What the device is doing.</param>
/// <param name="During">Whether they come while it is at it; else they lie in wait.</param>
/// <param name="Faults">The faults; the first is what it is about.</param>
internal sealed record Combination(Phase Phase, bool During, params Fault[] Faults)
{
    private static readonly Fault s_drop = new() { Kind = FaultKind.Drop, Times = 1 };

    /// <summary>Every kind of fault in every phase, those first after which a device waits longest.</summary>
    public static IEnumerable<Combination> All =>
    [
        // Nobody is let in: a device waits half a minute and more.
        .. Enum.GetValues<Phase>().Select(phase => new Combination(phase, phase != Phase.Report, Once(FaultKind.Refuse, FaultOperation.Connect), DropIn(phase))),
        .. Enum.GetValues<Phase>().Select(phase => new Combination(
            phase, phase != Phase.Report, new Fault { Kind = FaultKind.ClockSkew, Skew = TimeSpan.FromHours(2), Duration = TimeSpan.FromSeconds(10) }, DropIn(phase))),
        .. Enum.GetValues<Phase>().Select(phase => new Combination(phase, phase != Phase.Report, Once(FaultKind.Throttle, FaultOperation.Connect), DropIn(phase))),
        new(Phase.Apply, true, Once(FaultKind.Throttle, FaultOperation.TwinGet), s_drop),
        new(Phase.Report, false, Once(FaultKind.Throttle, FaultOperation.TwinReport)),
        new(Phase.Apply, false, Once(FaultKind.Throttle, FaultOperation.RestTwin)),
        new(Phase.Method, false, Once(FaultKind.Throttle, FaultOperation.RestMethod)),
        new(Phase.Apply, false, Once(FaultKind.Refuse, FaultOperation.RestTwin)),
        new(Phase.Method, false, Once(FaultKind.Refuse, FaultOperation.RestMethod)),
        new(Phase.Apply, true, Once(FaultKind.LoseAnswer, FaultOperation.TwinGet), s_drop),
        new(Phase.Apply, false, Once(FaultKind.LoseAnswer, FaultOperation.RestTwin)),
        new(Phase.Apply, true, Once(FaultKind.LoseAnswer, FaultOperation.Message)),
        new(Phase.Report, false, Once(FaultKind.LoseAnswer, FaultOperation.TwinReport)),
        new(Phase.Method, false, Once(FaultKind.LoseAnswer, FaultOperation.MethodAnswer)),
        new(Phase.Method, false, Once(FaultKind.LoseAnswer, FaultOperation.RestMethod)),
        .. from kind in new[] { FaultKind.BlackHole, FaultKind.Drop, FaultKind.Reset }
           from place in new (Phase Phase, bool During, FaultOperation Operation)[]
           {
               (Phase.Apply, false, FaultOperation.Desired), (Phase.Apply, true, FaultOperation.Link), (Phase.Report, false, FaultOperation.TwinReport),
               (Phase.Method, false, FaultOperation.Method), (Phase.Method, false, FaultOperation.MethodAnswer), (Phase.Method, true, FaultOperation.Link),
           }
           select new Combination(place.Phase, place.During, Once(kind, place.Operation)),
        .. Enum.GetValues<Phase>().Select(phase => new Combination(
            phase, false, new Fault { Kind = FaultKind.Delay, Operation = FaultOperation.Link, Delay = TimeSpan.FromMilliseconds(200), Duration = TimeSpan.FromSeconds(4) })),
    ];

    public override string ToString() =>
        $"{string.Join(" + ", Faults.Select(fault => fault.Operation is { } operation ? $"{fault.Kind} at {operation}" : $"{fault.Kind}"))} {(During ? "during" : "before")} {Phase}";

    private static Fault Once(FaultKind kind, FaultOperation operation) => new() { Kind = kind, Operation = operation, Times = 1 };

    private static Fault DropIn(Phase phase) => phase == Phase.Report ? s_drop with { Operation = FaultOperation.TwinReport } : s_drop;
}
