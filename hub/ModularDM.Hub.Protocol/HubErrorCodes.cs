using System.Collections.Frozen;

namespace ModularDM.Hub.Protocol;

/// <summary>The numbers by which a hub names an error. The first three digits are the HTTP status.</summary>
public static class HubErrorCodes
{
#pragma warning disable CS1591 // Each constant's name is the hub's own name of the error and says all there is to say.
    public const int InvalidProtocolVersion = 400001;
    public const int InvalidOperation = 400003;
    public const int ArgumentInvalid = 400004;
    public const int ArgumentNull = 400005;
    public const int IotHubFormatError = 400006;
    public const int DeviceDefinedMultipleTimes = 400011;
    public const int BulkRegistryOperationFailure = 400013;
    public const int ConnectionForcefullyClosedOnNewConnection = 400027;
    public const int CustomAllocationFailed = 400207;
    public const int InvalidConfigurationTargetCondition = 400401;
    public const int InvalidConfigurationContent = 400402;
    public const int CannotModifyImmutableConfigurationContent = 400403;
    public const int InvalidConfigurationCustomMetricsQuery = 400404;
    public const int IotHubUnauthorizedAccess = 401002;
    public const int IotHubUnauthorized = 401003;
    public const int IotHubQuotaExceeded = 403002;
    public const int DeviceMaximumQueueDepthExceeded = 403004;
    public const int DeviceDisabled = 403012;
    public const int DeviceMaximumInflightMethodExceeded = 403800;
    public const int DeviceNotFound = 404001;
    public const int JobNotFound = 404002;
    public const int ModuleNotFound = 404010;
    public const int DeviceNotOnline = 404103;
    public const int DeviceConnectionClosedRemotely = 404104;
    public const int EnrollmentNotFound = 404201;
    public const int ConfigurationNotFound = 404301;
    public const int DeviceAlreadyExists = 409001;
    public const int LinkCreationConflict = 409002;
    public const int EnrollmentAlreadyExists = 409101;
    public const int JobAlreadyExists = 409104;
    public const int ModuleAlreadyExistsOnDevice = 409301;
    public const int ConfigurationAlreadyExists = 409401;
    public const int PreconditionFailed = 412001;
    public const int DeviceMessageLockLost = 412002;
    public const int MessageTooLarge = 413001;
    public const int TooManyDevices = 413002;
    public const int TooManyModulesOnDevice = 413003;
    public const int ConfigurationCountLimitExceeded = 413101;
    public const int GenericTooManyRequests = 429000;
    public const int ThrottlingException = 429001;
    public const int ThrottleBacklogLimitExceeded = 429002;
    public const int ThrottlingBacklogTimeout = 429003;
    public const int ThrottlingMaxActiveJobCountExceeded = 429004;
    public const int DeviceThrottlingLimitExceeded = 429005;
    public const int ServerError = 500001;
    public const int GenericTimeout = 500008;
    public const int ServiceUnavailable = 503001;
    public const int GatewayTimeout = 504101;
#pragma warning restore CS1591

    private static readonly FrozenDictionary<int, string> Names = new Dictionary<int, string>
    {
        [InvalidProtocolVersion] = nameof(InvalidProtocolVersion),
        [InvalidOperation] = nameof(InvalidOperation),
        [ArgumentInvalid] = nameof(ArgumentInvalid),
        [ArgumentNull] = nameof(ArgumentNull),
        [IotHubFormatError] = nameof(IotHubFormatError),
        [DeviceDefinedMultipleTimes] = nameof(DeviceDefinedMultipleTimes),
        [BulkRegistryOperationFailure] = nameof(BulkRegistryOperationFailure),
        [ConnectionForcefullyClosedOnNewConnection] = nameof(ConnectionForcefullyClosedOnNewConnection),
        [CustomAllocationFailed] = nameof(CustomAllocationFailed),
        [InvalidConfigurationTargetCondition] = nameof(InvalidConfigurationTargetCondition),
        [InvalidConfigurationContent] = nameof(InvalidConfigurationContent),
        [CannotModifyImmutableConfigurationContent] = nameof(CannotModifyImmutableConfigurationContent),
        [InvalidConfigurationCustomMetricsQuery] = nameof(InvalidConfigurationCustomMetricsQuery),
        [IotHubUnauthorizedAccess] = nameof(IotHubUnauthorizedAccess),
        [IotHubUnauthorized] = nameof(IotHubUnauthorized),
        [IotHubQuotaExceeded] = nameof(IotHubQuotaExceeded),
        [DeviceMaximumQueueDepthExceeded] = nameof(DeviceMaximumQueueDepthExceeded),
        [DeviceDisabled] = nameof(DeviceDisabled),
        [DeviceMaximumInflightMethodExceeded] = nameof(DeviceMaximumInflightMethodExceeded),
        [DeviceNotFound] = nameof(DeviceNotFound),
        [JobNotFound] = nameof(JobNotFound),
        [ModuleNotFound] = nameof(ModuleNotFound),
        [DeviceNotOnline] = nameof(DeviceNotOnline),
        [DeviceConnectionClosedRemotely] = nameof(DeviceConnectionClosedRemotely),
        [EnrollmentNotFound] = nameof(EnrollmentNotFound),
        [ConfigurationNotFound] = nameof(ConfigurationNotFound),
        [DeviceAlreadyExists] = nameof(DeviceAlreadyExists),
        [LinkCreationConflict] = nameof(LinkCreationConflict),
        [EnrollmentAlreadyExists] = nameof(EnrollmentAlreadyExists),
        [JobAlreadyExists] = nameof(JobAlreadyExists),
        [ModuleAlreadyExistsOnDevice] = nameof(ModuleAlreadyExistsOnDevice),
        [ConfigurationAlreadyExists] = nameof(ConfigurationAlreadyExists),
        [PreconditionFailed] = nameof(PreconditionFailed),
        [DeviceMessageLockLost] = nameof(DeviceMessageLockLost),
        [MessageTooLarge] = nameof(MessageTooLarge),
        [TooManyDevices] = nameof(TooManyDevices),
        [TooManyModulesOnDevice] = nameof(TooManyModulesOnDevice),
        [ConfigurationCountLimitExceeded] = nameof(ConfigurationCountLimitExceeded),
        [GenericTooManyRequests] = nameof(GenericTooManyRequests),
        [ThrottlingException] = nameof(ThrottlingException),
        [ThrottleBacklogLimitExceeded] = nameof(ThrottleBacklogLimitExceeded),
        [ThrottlingBacklogTimeout] = nameof(ThrottlingBacklogTimeout),
        [ThrottlingMaxActiveJobCountExceeded] = nameof(ThrottlingMaxActiveJobCountExceeded),
        [DeviceThrottlingLimitExceeded] = nameof(DeviceThrottlingLimitExceeded),
        [ServerError] = nameof(ServerError),
        [GenericTimeout] = nameof(GenericTimeout),
        [ServiceUnavailable] = nameof(ServiceUnavailable),
        [GatewayTimeout] = nameof(GatewayTimeout),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, int> Codes = Names.ToFrozenDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);

    /// <summary>The hub's name of an error, as in the header <c>iothub-errorcode</c>; <c>InvalidErrorCode</c> for a number that is not known.</summary>
    public static string NameOf(int code) => Names.GetValueOrDefault(code, "InvalidErrorCode");

    /// <summary>The number of an error by its name; 0 for a name that is not known.</summary>
    public static int CodeOf(string name) => Codes.GetValueOrDefault(name);

    /// <summary>The HTTP status of an error.</summary>
    public static int StatusOf(int code) => code / 1000;

    /// <summary>Whether trying again later can help: throttled or a fault of the hub's.</summary>
    public static bool IsTransient(int code) => StatusOf(code) is 429 or >= 500;
}
