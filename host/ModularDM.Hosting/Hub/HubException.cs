namespace ModularDM.Hosting.Hub;

/// <summary>The hub refused, or could not be reached.</summary>
public sealed class HubException(HubFailure failure, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What kind of failure.</summary>
    public HubFailure Failure { get; } = failure;

    /// <summary>The hub's status, as 429; 0 when it gave none.</summary>
    public int Status { get; init; }

    /// <summary>How long the other side asks to be left alone, if it does.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when trying again later may succeed.</summary>
    public bool IsTransient => Failure is HubFailure.NotConnected or HubFailure.Throttled or HubFailure.Timeout or HubFailure.ServerError;

    /// <summary>There is no connection now.</summary>
    public static HubException NotConnected(string what) => new(HubFailure.NotConnected, $"{what}: the device is not connected to its hub.");

    /// <summary>No answer came in time.</summary>
    public static HubException Timeout(string what, TimeSpan limit) => new(HubFailure.Timeout, $"{what}: the hub did not answer within {limit.TotalSeconds:0.###} s.");

    /// <summary>The hub answered with an error status.</summary>
    public static HubException FromStatus(string what, int status, string? body) => new(
        status switch
        {
            429 => HubFailure.Throttled,
            401 or 403 => HubFailure.Unauthorized,
            >= 500 => HubFailure.ServerError,
            _ => HubFailure.Refused,
        },
        $"{what}: the hub answered {status}{(string.IsNullOrWhiteSpace(body) ? "" : $" {body}")}.") { Status = status };
}

/// <summary>Kinds of failure of a hub call.</summary>
public enum HubFailure
{
    /// <summary>There is no connection now.</summary>
    NotConnected,

    /// <summary>No answer came in time; the hub may or may not have acted.</summary>
    Timeout,

    /// <summary>Too many requests (429).</summary>
    Throttled,

    /// <summary>The hub failed (5xx).</summary>
    ServerError,

    /// <summary>The hub will not accept this (4xx); sending it again changes nothing.</summary>
    Refused,

    /// <summary>The identity is not accepted (401, 403).</summary>
    Unauthorized,

    /// <summary>The answer is not what the specification says.</summary>
    BadAnswer,
}
