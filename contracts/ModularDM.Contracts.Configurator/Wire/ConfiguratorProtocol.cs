namespace ModularDM.Contracts.Configurator.Wire;

/// <summary>The numbers both ends must agree on.</summary>
public static class ConfiguratorProtocol
{
    /// <summary>The protocol version. An end that speaks another says so in words in its hello and closes.</summary>
    public const int Version = 1;

    /// <summary>The largest frame payload in bytes. A longer length prefix is answered with <see cref="ConfiguratorErrorCode.BadFrame"/> without reading on.</summary>
    public const int MaxFrameBytes = 1024 * 1024;

    /// <summary>Bytes of the length prefix: an unsigned 32-bit little-endian count of the JSON bytes that follow.</summary>
    public const int HeaderBytes = 4;

    /// <summary>Where the configurator listens on Linux unless told otherwise.</summary>
    public const string DefaultSocketPath = "/run/modulardm/configurator.sock";

    /// <summary>The name of the pipe on Windows unless told otherwise.</summary>
    public const string DefaultPipeName = "modulardm-configurator";
}
