using System.Globalization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows;

internal sealed class CspTelemetryArea(CspClient csp) : ITelemetryArea
{
    internal const string Node = "./Device/Vendor/MSFT/Policy/Config/System/AllowTelemetry";

    public TelemetryLevel? Read(OperationContext context)
    {
        if (csp.TryGet(Node, context) is not { Length: > 0 } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && Enum.IsDefined((TelemetryLevel)number)
            ? (TelemetryLevel)number
            : throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, $"The device has telemetry level '{text}', which nobody knows.", ErrCode: ErrorNumbers.TelemetryUnknownLevel));
    }

    public void Set(TelemetryLevel level, OperationContext context) =>
        csp.Replace(Node, CspFormat.Int, ((int)level).ToString(CultureInfo.InvariantCulture), context);
}
