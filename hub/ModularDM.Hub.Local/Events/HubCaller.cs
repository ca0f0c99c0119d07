namespace ModularDM.Hub.Local.Events;

/// <summary>Who asked for what the hub is doing now. It flows with the request that it belongs to; what nobody asked for, the hub does itself.</summary>
/// <param name="Policy">The shared access policy of the caller's token; <see langword="null"/> for the hub itself.</param>
/// <param name="Actor">Whom the caller says it acts for, in the header <see cref="ActorHeader"/>; the hub's own job or configurations.</param>
internal sealed record HubCaller(string? Policy, string? Actor)
{
    /// <summary>By which a tool says who uses it. The hub takes its word.</summary>
    public const string ActorHeader = "x-modulardm-actor";

    private const int MaxActor = 128;
    private static readonly AsyncLocal<HubCaller?> Flowing = new();

    public static HubCaller? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>The hub, for a job or a configuration.</summary>
    public static HubCaller Hub(string actor) => new(null, actor);

    /// <exception cref="HubRefusalException">The actor is too long or not plain text.</exception>
    public static HubCaller From(string policy, string? actor) =>
        string.IsNullOrEmpty(actor) ? new HubCaller(policy, null)
        : actor.Length <= MaxActor && !actor.AsSpan().ContainsAnyExceptInRange(' ', '~') ? new HubCaller(policy, actor)
        : throw HubRefusalException.Invalid($"The header '{ActorHeader}' must be at most {MaxActor} printable ASCII characters.");
}
