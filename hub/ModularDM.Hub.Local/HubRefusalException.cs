using System.Globalization;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local;

/// <summary>The hub refuses a request; the code decides the HTTP status and the error's name.</summary>
internal sealed class HubRefusalException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>When trying again can help, if the hub knows.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public static HubRefusalException DeviceNotFound(string deviceId) => new(HubErrorCodes.DeviceNotFound, $"The device '{deviceId}' is not registered.");

    public static HubRefusalException DeviceExists(string deviceId) => new(HubErrorCodes.DeviceAlreadyExists, $"The device '{deviceId}' already exists.");

    public static HubRefusalException ModuleNotFound(string deviceId, string moduleId) =>
        new(HubErrorCodes.ModuleNotFound, $"The device '{deviceId}' has no module '{moduleId}'.");

    public static HubRefusalException ModuleExists(string deviceId, string moduleId) =>
        new(HubErrorCodes.ModuleAlreadyExistsOnDevice, $"The device '{deviceId}' already has a module '{moduleId}'.");

    public static HubRefusalException TooManyModules(string deviceId) =>
        new(HubErrorCodes.TooManyModulesOnDevice, $"The device '{deviceId}' has {HubChoices.MaxModules} modules, which is as many as it may have.");

    public static HubRefusalException DeviceOffline(string deviceId, TimeSpan waited) =>
        new(HubErrorCodes.DeviceNotOnline, $"Timed out waiting for device '{deviceId}' to connect ({waited.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s).");

    public static HubRefusalException NoAnswer(TimeSpan waited) =>
        new(HubErrorCodes.GatewayTimeout, $"Timed out waiting for the response from device ({waited.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s).");

    public static HubRefusalException Invalid(string message) => new(HubErrorCodes.ArgumentInvalid, message);

    public static HubRefusalException NotJson(string detail) => new(HubErrorCodes.IotHubFormatError, $"The body is not valid JSON: {detail}");

    public static HubRefusalException ETagMismatch() => new(HubErrorCodes.PreconditionFailed, "The ETag in If-Match is not the current one.");

    public static HubRefusalException Unauthorized(string message) => new(HubErrorCodes.IotHubUnauthorizedAccess, message);

    public static HubRefusalException Throttled(TimeSpan retryAfter) => new(HubErrorCodes.ThrottlingException, "Too many requests; try again later.") { RetryAfter = retryAfter };

    public static HubRefusalException StoreFull() => new(HubErrorCodes.ServiceUnavailable, "The hub has too many writes waiting.");

    public static HubRefusalException StoreFailed() => new(HubErrorCodes.ServerError, "The hub can not write to its store.");

    public static HubRefusalException Limits(string section, IReadOnlyList<TwinLimitViolation> violations) =>
        new(HubChoices.TwinTooLarge, $"{section}: " + string.Join(" ", violations.Take(20)));

    public HubErrorBody ToBody(DateTimeOffset now)
    {
        string tracking = string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}-G:0-TimeStamp:{now:MM/dd/yyyy HH:mm:ss}");
        return new HubErrorBody(Code, Message, tracking, now);
    }
}
