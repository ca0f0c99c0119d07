using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.DBus;

/// <summary>D-Bus error names, and the numbers sd-bus itself answers with, in the neutral set.</summary>
internal static class DBusErrors
{
    private const int MaxMessage = 500;
    private const string Prefix = "org.freedesktop.DBus.Error.";

    public static ConfiguratorErrorCode CodeOf(string name) => name switch
    {
        Prefix + "InvalidArgs" or Prefix + "InvalidSignature" or Prefix + "InvalidFileContent" or "System.Error.EINVAL" => ConfiguratorErrorCode.InvalidArgument,
        Prefix + "AccessDenied" or Prefix + "AuthFailed" or Prefix + "InteractiveAuthorizationRequired" or "System.Error.EPERM" or "System.Error.EACCES"
            => ConfiguratorErrorCode.Denied,
        Prefix + "ServiceUnknown" or Prefix + "NameHasNoOwner" or Prefix + "UnknownMethod" or Prefix + "UnknownInterface" or Prefix + "UnknownProperty"
            or Prefix + "UnknownObject" or Prefix + "NotSupported" or Prefix + "Spawn.ServiceNotFound" or Prefix + "Spawn.ExecFailed" or Prefix + "NoServer"
            or "org.freedesktop.timedate1.NoNTPSupport" or "System.Error.EOPNOTSUPP" => ConfiguratorErrorCode.NotSupported,
        "org.freedesktop.systemd1.NoSuchUnit" or Prefix + "FileNotFound" or "System.Error.ENOENT" => ConfiguratorErrorCode.NotFound,
        "org.freedesktop.timedate1.AutomaticTimeSyncEnabled" or "org.freedesktop.login1.OperationInProgress" or "org.freedesktop.login1.BlockedByInhibitorLock"
            or "org.freedesktop.systemd1.UnitMasked" or Prefix + "FileExists" or "System.Error.EEXIST" => ConfiguratorErrorCode.Conflict,
        "org.freedesktop.systemd1.TransactionIsDestructive" or "org.freedesktop.systemd1.TransactionJobsConflicting" or Prefix + "LimitsExceeded"
            or "org.freedesktop.systemd1.JobTypeNotApplicable" or "System.Error.EBUSY" or "System.Error.EALREADY" => ConfiguratorErrorCode.Busy,
        Prefix + "NoReply" or Prefix + "TimedOut" or Prefix + "Timeout" or "System.Error.ETIMEDOUT" => ConfiguratorErrorCode.Timeout,
        _ => ConfiguratorErrorCode.Failed,
    };

    /// <summary>An error reply to <paramref name="call"/>, in the service's own words.</summary>
    public static ConfiguratorException Reply(string call, string name, string message)
    {
        string words = message.Length > MaxMessage ? message[..MaxMessage] : message;
        return CodeOf(name) switch
        {
            ConfiguratorErrorCode.NotSupported => Make(ConfiguratorErrorCode.NotSupported, $"{call} is not available on this system: {words}", name),
            ConfiguratorErrorCode.Timeout => Make(ConfiguratorErrorCode.Timeout, $"{call} did not answer in time; its outcome is unknown.", name),
            ConfiguratorErrorCode code => Make(code, $"{call} was refused: {words}", name),
        };
    }

    /// <summary>A negative errno out of sd-bus, which has no error reply behind it.</summary>
    public static ConfiguratorException Native(string call, int negativeErrno) => -negativeErrno switch
    {
        Errno.TimedOut => Make(ConfiguratorErrorCode.Timeout, $"{call} did not answer in time; its outcome is unknown.", "ETIMEDOUT"),
        Errno.NoEntry or Errno.ConnectionRefused or Errno.NotConnected => NoBus($"{call}: errno {-negativeErrno}"),
        Errno.NotPermitted or Errno.AccessDenied => Make(ConfiguratorErrorCode.Denied, $"{call}: the system bus does not let this process in.", $"errno {-negativeErrno}"),
        Errno.ConnectionReset or Errno.BrokenPipe => Make(ConfiguratorErrorCode.Failed, $"{call}: the connection to the system bus broke; the outcome is unknown.", $"errno {-negativeErrno}"),
        int number => Make(ConfiguratorErrorCode.Failed, $"{call} failed in the bus library.", $"errno {number}"),
    };

    public static ConfiguratorException NoLibrary(Exception cause) => new(
        new ConfiguratorError(ConfiguratorErrorCode.NotSupported, "This system has no libsystemd (libsystemd.so.0), which every setting here goes through.", cause.Message), cause);

    public static ConfiguratorException NoBus(string detail) =>
        ConfiguratorException.NotSupported("This system has no running system bus (D-Bus), which every setting here goes through.", detail);

    /// <summary>The answer is not of the shape that the service documents, or is larger than is accepted from it.</summary>
    public static ConfiguratorException BadAnswer(string what) => Make(ConfiguratorErrorCode.Failed, $"The answer to {what} cannot be accepted.", "bad D-Bus answer");

    private static ConfiguratorException Make(ConfiguratorErrorCode code, string message, string detail) => new(new ConfiguratorError(code, message, detail));

    private static class Errno
    {
        public const int NotPermitted = 1;
        public const int NoEntry = 2;
        public const int AccessDenied = 13;
        public const int BrokenPipe = 32;
        public const int ConnectionReset = 104;
        public const int NotConnected = 107;
        public const int TimedOut = 110;
        public const int ConnectionRefused = 111;
    }
}
