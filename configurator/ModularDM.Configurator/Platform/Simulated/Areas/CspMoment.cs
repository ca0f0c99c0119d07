using System.Globalization;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>Moments as nodes hold them: UTC, to the second.</summary>
internal static class CspMoment
{
    public static string Format(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
