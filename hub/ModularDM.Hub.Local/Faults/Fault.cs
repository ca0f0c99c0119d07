using System.Collections.Frozen;
using System.Globalization;

namespace ModularDM.Hub.Local.Faults;

/// <summary>A fault to inject: what, when, for whom, and how often.</summary>
public sealed record Fault
{
    private const FaultOperation FirstRest = FaultOperation.RestTwin;
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestSkew = TimeSpan.FromDays(30);
    private static readonly FaultOperation[] OfLinks =
    [
        FaultOperation.Link, FaultOperation.Connect, FaultOperation.TwinGet, FaultOperation.TwinReport, FaultOperation.Desired, FaultOperation.Method,
        FaultOperation.MethodAnswer, FaultOperation.Message,
    ];

    private static readonly FaultOperation[] OfRest = [.. Enum.GetValues<FaultOperation>().Where(operation => operation >= FirstRest)];

    private static readonly FrozenDictionary<FaultKind, FaultOperation[]> Possible = new Dictionary<FaultKind, FaultOperation[]>
    {
        [FaultKind.Drop] = OfLinks,
        [FaultKind.Reset] = OfLinks,
        [FaultKind.BlackHole] = OfLinks,
        [FaultKind.Delay] = [FaultOperation.Link, .. OfRest],
        [FaultKind.Throttle] = [FaultOperation.Connect, FaultOperation.TwinGet, FaultOperation.TwinReport, .. OfRest],
        [FaultKind.Refuse] = [FaultOperation.Connect, .. OfRest],
        [FaultKind.LoseAnswer] = [FaultOperation.TwinGet, FaultOperation.TwinReport, FaultOperation.MethodAnswer, FaultOperation.Message, .. OfRest],
        [FaultKind.ClockSkew] = [],
    }.ToFrozenDictionary();

    /// <summary>What goes wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>When it strikes.</summary>
    /// <value>Default: <see cref="FaultOperation.Link"/> for the kinds that strike a link, else every operation that the kind can strike.</value>
    public FaultOperation? Operation { get; init; }

    /// <summary>The one device that it strikes.</summary>
    /// <value>Default: every device, and requests that name none.</value>
    public string? DeviceId { get; init; }

    /// <summary>How often it strikes.</summary>
    /// <value>Default: without end. At least 1.</value>
    public int? Times { get; init; }

    /// <summary>How long it is in force.</summary>
    /// <value>Default: until it is removed. Over 0, up to a day.</value>
    public TimeSpan? Duration { get; init; }

    /// <summary>How likely it strikes each time.</summary>
    /// <value>Default: 1. Over 0, up to 1.</value>
    public double Probability { get; init; } = 1;

    /// <summary>Where the random numbers begin: the same seed strikes in the same places.</summary>
    public int Seed { get; init; }

    /// <summary>How late things come (<see cref="FaultKind.Delay"/>).</summary>
    /// <value>Over 0, up to a minute.</value>
    public TimeSpan Delay { get; init; }

    /// <summary>Which bytes come late (<see cref="FaultKind.Delay"/> of a link).</summary>
    public FaultDirection Direction { get; init; }

    /// <summary>How far the clock is ahead, or behind if negative (<see cref="FaultKind.ClockSkew"/>).</summary>
    /// <value>Not 0, up to 30 days.</value>
    public TimeSpan Skew { get; init; }

    internal bool StrikesLinks => Kind is FaultKind.Drop or FaultKind.Reset or FaultKind.BlackHole;

    /// <summary>All that is wrong with it, a sentence each.</summary>
    public IReadOnlyList<string> Validate()
    {
        var wrong = new List<string>();
        Require(Times is null or >= 1, "'times' must be at least 1.");
        Require(Duration is not { } length || (length > TimeSpan.Zero && length <= LongestDuration), "'seconds' must be over 0 and at most 86400.");
        Require(Probability is > 0 and <= 1, "'probability' must be over 0 and at most 1.");
        Require(Kind == FaultKind.Delay ? Delay > TimeSpan.Zero && Delay <= LongestDelay : Delay == default, "'delayMilliseconds' must be from 1 to 60000 for the kind delay, and absent for others.");
        Require(Direction == default || (Kind == FaultKind.Delay && Operation is null or FaultOperation.Link), "'direction' is for the delay of a link alone.");
        Require(
            Kind == FaultKind.ClockSkew ? Skew != default && Skew.Duration() <= LongestSkew : Skew == default,
            "'skewSeconds' must be from -2592000 to 2592000 and not 0 for the kind clockSkew, and absent for others.");
        if (Kind == FaultKind.ClockSkew)
        {
            Require(DeviceId is null && Times is null && Probability is 1, "The kind clockSkew takes no 'deviceId', 'times' or 'probability'.");
        }

        if (Operation is { } operation && !Possible[Kind].Contains(operation))
        {
            string names = string.Join(", ", Possible[Kind].Select(Name));
            wrong.Add($"The kind {Name(Kind)} {(names.Length == 0 ? "takes no 'operation'" : $"strikes these operations alone: {names}")}.");
        }

        return wrong;

        void Require(bool holds, string sentence)
        {
            if (!holds)
            {
                wrong.Add(sentence);
            }
        }
    }

    internal static string Name<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        return char.ToLower(name[0], CultureInfo.InvariantCulture) + name[1..];
    }

    internal bool Strikes(FaultOperation operation) =>
        Operation is { } one ? one == operation : StrikesLinks ? operation == FaultOperation.Link : Possible[Kind].Contains(operation);
}
