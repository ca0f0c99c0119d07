using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>What SyncML status codes mean here.</summary>
internal static class SyncMlStatus
{
    public const int Ok = 200;
    public const int Accepted = 202;
    public const int NotExecuted = 215;
    public const int RolledBack = 216;
    public const int BadRequest = 400;
    public const int NotFound = 404;
    public const int NotAllowed = 405;
    public const int NotSupported = 406;
    public const int TooLarge = 413;
    public const int BadFormat = 415;
    public const int AlreadyExists = 418;
    public const int Failed = 500;
    public const int AtomicFailed = 507;
    public const int AtomicRollBackFailed = 516;

    public static bool IsSuccess(int status) => status is >= 200 and < 300 and not 214 and not NotExecuted and not RolledBack;

    public static ConfiguratorErrorCode CodeOf(int status) => status switch
    {
        401 or 403 or 407 or 425 => ConfiguratorErrorCode.Denied,
        NotFound => ConfiguratorErrorCode.NotFound,
        NotAllowed or NotSupported => ConfiguratorErrorCode.NotSupported,
        BadRequest or BadFormat => ConfiguratorErrorCode.InvalidArgument,
        AlreadyExists => ConfiguratorErrorCode.Conflict,
        408 => ConfiguratorErrorCode.Timeout,
        417 or 503 => ConfiguratorErrorCode.Busy,
        _ => ConfiguratorErrorCode.Failed,
    };

    public static ConfiguratorException ToException(string verb, string locUri, int status) => new(new ConfiguratorError(
        CodeOf(status),
        status == 0 ? $"{verb} {locUri} was not answered." : $"{verb} {locUri} was answered with SyncML status {status}.",
        $"syncml {status}"));
}
