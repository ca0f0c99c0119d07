namespace ModularDM.Configurator.Operations;

/// <summary>The numbers of <c>lastChange.errCode</c> that root gives.</summary>
internal static class ErrorNumbers
{
    public const int InvalidValue = unchecked((int)0xA0000000);
    public const int InvalidPolicySource = unchecked((int)0xA0008000);
    public const int TelemetryUnknownLevel = unchecked((int)0xA0000120);
    public const int TelemetryInvalidLevel = unchecked((int)0xA0008100);
    public const int TimeServiceMissingPolicy = unchecked((int)0xA0008200);
}
