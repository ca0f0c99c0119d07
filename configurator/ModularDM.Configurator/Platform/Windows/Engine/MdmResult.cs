using System.Runtime.InteropServices;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>What the HRESULTs of local device management mean, and what to do about them.</summary>
internal static class MdmResult
{
    /// <exception cref="ConfiguratorException">The call failed.</exception>
    public static void Check(string call, int result)
    {
        if (result < 0)
        {
            throw ToException(call, result);
        }
    }

    public static ConfiguratorException ToException(string call, int result)
    {
        (ConfiguratorErrorCode code, string words) = (uint)result switch
        {
            0x8007139F => (ConfiguratorErrorCode.NotSupported,
                "embedded mode is off, so this Windows takes no local device management. Switch it on with a provisioning package (AllowEmbeddedMode = 1) and restart"),
            0x80040154 => (ConfiguratorErrorCode.NotSupported, "it works in a 64-bit process only. Install the 64-bit build of the configurator"),
            0x80010106 => (ConfiguratorErrorCode.Failed, "it was called on a thread of another apartment. This is a fault of the configurator: report it"),
            0x80070005 => (ConfiguratorErrorCode.Denied, "it serves the SYSTEM account only. Run the configurator as the LocalSystem service"),
            0x800705B4 => (ConfiguratorErrorCode.Timeout, "the engine gave up by itself; the outcome is unknown. Read the state before trying again"),
            0x8000FFFF => (ConfiguratorErrorCode.Failed, "the engine broke off without a reason. The event log DeviceManagement-Enterprise-Diagnostics-Provider may know more"),
            _ => (ConfiguratorErrorCode.Failed, Marshal.GetPInvokeErrorMessage(result).TrimEnd('.', ' ')),
        };
        return new ConfiguratorException(new ConfiguratorError(code, $"{call} failed: {words}.", $"0x{result:X8}"));
    }
}
