namespace ModularDM.Contracts.Configurator;

/// <summary>Root refused or failed, or could not be reached.</summary>
public sealed class ConfiguratorException : Exception
{
    /// <summary>Wraps an error that came over the wire, or one that the client found itself.</summary>
    public ConfiguratorException(ConfiguratorError error, Exception? innerException = null)
        : base((error ?? throw new ArgumentNullException(nameof(error))).Message, innerException) => Error = error;

    /// <summary>The error.</summary>
    public ConfiguratorError Error { get; }

    /// <summary>The neutral code.</summary>
    public ConfiguratorErrorCode Code => Error.Code;

    /// <summary>Nothing answers at the endpoint.</summary>
    public static ConfiguratorException Unavailable(string endpoint, Exception? cause) => new(
        new ConfiguratorError(
            ConfiguratorErrorCode.Unavailable,
            $"The configurator does not answer at '{endpoint}'. Is its service running, and may this process use the socket?",
            cause?.Message),
        cause);

    /// <summary>A frame could not be read. <paramref name="what"/> says which rule it broke.</summary>
    public static ConfiguratorException BadFrame(string what, Exception? cause = null) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.BadFrame, what), cause);

    /// <summary>The policy says no.</summary>
    public static ConfiguratorException Denied(string what) => new(new ConfiguratorError(ConfiguratorErrorCode.Denied, what));

    /// <summary>An argument is not acceptable; nothing was changed.</summary>
    public static ConfiguratorException InvalidArgument(string what, int? errCode = null) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.InvalidArgument, what, ErrCode: errCode));

    /// <summary>This platform cannot do it.</summary>
    public static ConfiguratorException NotSupported(string what, string? detail = null) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.NotSupported, what, detail));

    /// <summary>The deadline passed; the outcome is unknown.</summary>
    public static ConfiguratorException Timeout(string operation, TimeSpan limit) => new(
        new ConfiguratorError(ConfiguratorErrorCode.Timeout, $"{operation} did not finish within {limit.TotalSeconds:0.###} s; its outcome is unknown."));

    /// <summary>The lease under which the request came was revoked.</summary>
    public static ConfiguratorException Revoked(string operation) => new(
        new ConfiguratorError(ConfiguratorErrorCode.Revoked, $"{operation} was given up by its caller."));
}
