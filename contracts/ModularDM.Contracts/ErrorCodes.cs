namespace ModularDM.Contracts;

/// <summary>The numbers of <c>lastChange.errCode</c> that the published contract knows (original client contract, 2.6). In JSON they appear as signed 32-bit numbers.</summary>
public static class ErrorCodes
{
    /// <summary>Not implemented.</summary>
    public const int NotImplemented = unchecked((int)0x80000001);

    /// <summary>A section, member or payload has the wrong JSON type, is unknown, missing or out of range.</summary>
    public const int InvalidDesiredJsonValue = unchecked((int)0xA0000000);

    /// <summary>The member is known but this platform cannot do it.</summary>
    public const int InvalidDesiredNotSupported = unchecked((int)0xA0000001);

    /// <summary>A method's payload is not an object.</summary>
    public const int InvalidParams = unchecked((int)0xA0000100);

    /// <summary>A telemetry level that nobody knows was read back.</summary>
    public const int InvalidWindowsTelemetryLevel = unchecked((int)0xA0000120);

    /// <summary>The source of a policy is neither local nor remote.</summary>
    public const int InvalidPolicySource = unchecked((int)0xA0008000);

    /// <summary>The telemetry level is not one of the four.</summary>
    public const int TelemetryInvalidLevel = unchecked((int)0xA0008100);

    /// <summary>No telemetry level was ever set.</summary>
    public const int TelemetryMissingLevel = unchecked((int)0xA0008101);

    /// <summary>A time service setting came without its policy. The original sent 0xA000200, a digit short (W37); this is the number it meant.</summary>
    public const int TimeServiceMissingPolicy = unchecked((int)0xA0008200);

    /// <summary>A failure without a number of its own.</summary>
    public const int Generic = 1;

    /// <summary>The plugin did not answer within its limit.</summary>
    public const int DeadlineExceeded = unchecked((int)0xA0009000);

    /// <summary>The plugin that owns the section is refused, faulted, quarantined or stopped.</summary>
    public const int PluginUnavailable = unchecked((int)0xA0009001);

    /// <summary>A section this one comes after failed.</summary>
    public const int DependencyFailed = unchecked((int)0xA0009002);

    /// <summary>The report is over the hub's limits.</summary>
    public const int ReportTooLarge = unchecked((int)0xA0009003);

    /// <summary>The configurator refused: policy.</summary>
    public const int Denied = unchecked((int)0xA0009004);

    /// <summary>The configurator cannot be reached.</summary>
    public const int ConfiguratorUnavailable = unchecked((int)0xA0009005);

    /// <summary>The section was switched off by configuration.</summary>
    public const int SectionDisabled = unchecked((int)0xA0009006);
}
