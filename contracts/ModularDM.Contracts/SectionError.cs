using ModularDM.Contracts.Configurator;

namespace ModularDM.Contracts;

/// <summary>One thing that is wrong, in words an operator can act on.</summary>
/// <param name="Path">The member, as <c>schedule.start</c>; empty for the whole section, payload or file.</param>
/// <param name="Message">What is wrong and what is allowed. Never a secret: it is reported, logged and traced.</param>
/// <param name="Code">A number of <see cref="ErrorCodes"/>, or the platform's own.</param>
/// <param name="SubSystem">Which part the number belongs to.</param>
public sealed record SectionError(string Path, string Message, int Code, ErrorSubSystem SubSystem = ErrorSubSystem.DeviceManagement)
{
    /// <summary>What root refused or failed to do, as an error of the member that asked for it.</summary>
    /// <param name="exception">What <see cref="IConfigurator.SendAsync"/> threw.</param>
    /// <param name="path">The member; empty for the whole section or payload.</param>
    public static SectionError From(ConfiguratorException exception, string path = "")
    {
        ArgumentNullException.ThrowIfNull(exception);
        ArgumentNullException.ThrowIfNull(path);
        ConfiguratorError error = exception.Error;
        int code = error.ErrCode ?? error.Code switch
        {
            ConfiguratorErrorCode.Denied => ErrorCodes.Denied,
            ConfiguratorErrorCode.InvalidArgument => ErrorCodes.InvalidDesiredJsonValue,
            ConfiguratorErrorCode.NotSupported => ErrorCodes.InvalidDesiredNotSupported,
            ConfiguratorErrorCode.Timeout => ErrorCodes.DeadlineExceeded,
            ConfiguratorErrorCode.Unavailable => ErrorCodes.ConfiguratorUnavailable,
            _ => ErrorCodes.Generic,
        };
        return new SectionError(path, error.Detail is { Length: > 0 } detail ? $"{error.Message} ({detail})" : error.Message, code);
    }

    /// <summary>"path: message", or the message alone.</summary>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
