using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>The topics of the provisioning service (IoT Hub wire specification, 14.3).</summary>
internal static class ProvisioningTopics
{
    public const string ResponseFilter = "$dps/registrations/res/#";

    private const string ResponsePrefix = "$dps/registrations/res/";

    public static string Register(string requestId) => $"$dps/registrations/PUT/iotdps-register/?$rid={requestId}";

    public static string GetStatus(string requestId, string operationId) =>
        $"$dps/registrations/GET/iotdps-get-operationstatus/?$rid={requestId}&operationId={Uri.EscapeDataString(operationId)}";

    /// <summary>Reads <c>$dps/registrations/res/{status}/?$rid={id}[&amp;retry-after={seconds}]</c>; the fields may come in any order.</summary>
    public static bool TryParseResponse(string topic, out int status, [NotNullWhen(true)] out string? requestId, out TimeSpan? retryAfter)
    {
        status = 0;
        requestId = null;
        retryAfter = null;
        int slash = topic.IndexOf("/?", StringComparison.Ordinal);
        if (!topic.StartsWith(ResponsePrefix, StringComparison.Ordinal) || slash < ResponsePrefix.Length
            || !int.TryParse(topic.AsSpan(ResponsePrefix.Length, slash - ResponsePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out status))
        {
            return false;
        }

        foreach (string field in topic[(slash + 2)..].Split('&'))
        {
            if (field.StartsWith("$rid=", StringComparison.Ordinal))
            {
                requestId = field["$rid=".Length..];
            }
            else if (field.StartsWith("retry-after=", StringComparison.Ordinal)
                && int.TryParse(field.AsSpan("retry-after=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
            {
                retryAfter = TimeSpan.FromSeconds(seconds);
            }
        }

        return requestId is not null;
    }
}
