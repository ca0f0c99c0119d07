using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>The topics and the user name of the provisioning service, as the service reads and writes them.</summary>
internal static class ProvisioningTopics
{
    public const string ResponseFilter = "$dps/registrations/res/#";

    private const string Register = "$dps/registrations/PUT/iotdps-register/?";
    private const string Status = "$dps/registrations/GET/iotdps-get-operationstatus/?";

    /// <summary>Reads <c>$dps/registrations/PUT/iotdps-register/?$rid={rid}</c>.</summary>
    public static bool TryParseRegister(string topic, [NotNullWhen(true)] out string? requestId)
    {
        requestId = topic.StartsWith(Register, StringComparison.Ordinal) ? Field(topic[Register.Length..], "$rid") : null;
        return requestId is not null;
    }

    /// <summary>Reads <c>$dps/registrations/GET/iotdps-get-operationstatus/?$rid={rid}&amp;operationId={operation}</c>.</summary>
    public static bool TryParseStatus(string topic, [NotNullWhen(true)] out string? requestId, [NotNullWhen(true)] out string? operationId)
    {
        string fields = topic.StartsWith(Status, StringComparison.Ordinal) ? topic[Status.Length..] : "";
        requestId = Field(fields, "$rid");
        operationId = Field(fields, "operationId") is { } escaped ? Uri.UnescapeDataString(escaped) : null;
        return requestId is not null && operationId is not null;
    }

    public static string Response(int status, string requestId, int? retryAfter) => string.Create(
        CultureInfo.InvariantCulture,
        $"$dps/registrations/res/{status}/?$rid={requestId}{(retryAfter is null ? "" : string.Create(CultureInfo.InvariantCulture, $"&retry-after={retryAfter}"))}");

    /// <summary>Reads <c>{idScope}/registrations/{registrationId}/api-version={date}[&amp;ClientVersion=...]</c>; unlike a hub's, the query has no '?' before it.</summary>
    public static bool TryParseUserName(string? text, [NotNullWhen(true)] out string? idScope, [NotNullWhen(true)] out string? registrationId)
    {
        idScope = registrationId = null;
        if (text?.Split('/', 4) is not [{ Length: > 0 } scope, "registrations", { Length: > 0 } id, { } query] || Field(query, "api-version") is null)
        {
            return false;
        }

        (idScope, registrationId) = (scope, id);
        return true;
    }

    private static string? Field(string fields, string name)
    {
        foreach (string field in fields.Split('&'))
        {
            if (field.Length > name.Length + 1 && field[name.Length] == '=' && field.StartsWith(name, StringComparison.Ordinal))
            {
                return field[(name.Length + 1)..];
            }
        }

        return null;
    }
}
