using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ModularDM.Hub.Protocol;

/// <summary>The topics of IoT Hub's MQTT protocol, built and read. Reading is strict: what is not exactly one of these is not read.</summary>
public static class MqttTopics
{
    /// <summary>What a device subscribes to for answers to its twin requests.</summary>
    public const string TwinResponseFilter = "$iothub/twin/res/#";

    /// <summary>What a device subscribes to for changes of its desired properties.</summary>
    public const string DesiredFilter = "$iothub/twin/PATCH/properties/desired/#";

    /// <summary>What a device subscribes to for direct methods.</summary>
    public const string MethodFilter = "$iothub/methods/POST/#";

    private const string TwinGetPrefix = "$iothub/twin/GET/?";
    private const string ReportedPrefix = "$iothub/twin/PATCH/properties/reported/?";
    private const string TwinResponsePrefix = "$iothub/twin/res/";
    private const string DesiredPrefix = "$iothub/twin/PATCH/properties/desired/?";
    private const string MethodRequestPrefix = "$iothub/methods/POST/";
    private const string MethodResponsePrefix = "$iothub/methods/res/";

    /// <summary>Device to hub: read the twin.</summary>
    public static string TwinGet(string requestId) => $"{TwinGetPrefix}$rid={requestId}";

    /// <summary>Device to hub: merge a patch into the reported properties.</summary>
    public static string ReportedPatch(string requestId) => $"{ReportedPrefix}$rid={requestId}";

    /// <summary>Hub to device: the answer to <see cref="TwinGet"/> or <see cref="ReportedPatch"/>.</summary>
    /// <param name="status">An HTTP status.</param>
    /// <param name="requestId">The request's id, as it came.</param>
    /// <param name="version">The new version of the reported properties, after a patch.</param>
    public static string TwinResponse(int status, string requestId, long? version = null) => version is null
        ? string.Create(CultureInfo.InvariantCulture, $"{TwinResponsePrefix}{status}/?$rid={requestId}")
        : string.Create(CultureInfo.InvariantCulture, $"{TwinResponsePrefix}{status}/?$rid={requestId}&$version={version}");

    /// <summary>Hub to device: the desired properties changed.</summary>
    public static string DesiredPatch(long version) => string.Create(CultureInfo.InvariantCulture, $"{DesiredPrefix}$version={version}");

    /// <summary>Hub to device: a direct method. The request id must stay first and alone after the '?', as one of the common device SDKs cuts it out by position.</summary>
    public static string MethodRequest(string method, string requestId) => $"{MethodRequestPrefix}{method}/?$rid={requestId}";

    /// <summary>Device to hub: the answer to <see cref="MethodRequest"/>.</summary>
    public static string MethodResponse(int status, string requestId) => string.Create(CultureInfo.InvariantCulture, $"{MethodResponsePrefix}{status}/?$rid={requestId}");

    /// <summary>Device to hub: a message.</summary>
    /// <param name="clientId">The sender: a device's id, or a module's as <c>{device}/{module}</c>.</param>
    /// <param name="properties">System and application properties, or none.</param>
    public static string Telemetry(string clientId, IEnumerable<KeyValuePair<string, string?>>? properties = null) =>
        $"{Root(clientId)}/messages/events/{PropertyBag.Format(properties)}";

    /// <summary>Hub to device: a message.</summary>
    public static string DeviceBound(string deviceId, IEnumerable<KeyValuePair<string, string?>>? properties = null) =>
        DeviceBoundPrefix(deviceId) + PropertyBag.Format(properties);

    /// <summary><see cref="DeviceBound"/> without properties.</summary>
    public static string DeviceBoundPrefix(string deviceId) => $"devices/{deviceId}/messages/devicebound/";

    /// <summary>What a device subscribes to for messages from the hub.</summary>
    public static string DeviceBoundFilter(string deviceId) => $"devices/{deviceId}/messages/devicebound/#";

    /// <summary>What a module subscribes to for messages that are routed to its inputs.</summary>
    /// <param name="clientId">The module as <c>{device}/{module}</c>.</param>
    public static string ModuleFilter(string clientId) => Root(clientId) + "/#";

    /// <summary>Reads <see cref="TwinGet"/>.</summary>
    public static bool TryParseTwinGet(string topic, [NotNullWhen(true)] out string? requestId)
    {
        ArgumentNullException.ThrowIfNull(topic);
        requestId = null;
        return topic.StartsWith(TwinGetPrefix, StringComparison.Ordinal) && TryReadRequestId(topic.AsSpan(TwinGetPrefix.Length), out requestId);
    }

    /// <summary>Reads <see cref="ReportedPatch"/>.</summary>
    public static bool TryParseReportedPatch(string topic, [NotNullWhen(true)] out string? requestId)
    {
        ArgumentNullException.ThrowIfNull(topic);
        requestId = null;
        return topic.StartsWith(ReportedPrefix, StringComparison.Ordinal) && TryReadRequestId(topic.AsSpan(ReportedPrefix.Length), out requestId);
    }

    /// <summary>Reads <see cref="TwinResponse"/>.</summary>
    public static bool TryParseTwinResponse(string topic, out int status, [NotNullWhen(true)] out string? requestId, out long? version)
    {
        ArgumentNullException.ThrowIfNull(topic);
        version = null;
        if (!TryReadStatus(topic, TwinResponsePrefix, out status, out ReadOnlySpan<char> query) || !TryReadRequestId(query, out requestId))
        {
            requestId = null;
            return false;
        }

        if (TryFind(query, "$version", out ReadOnlySpan<char> text))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                return false;
            }

            version = number;
        }

        return true;
    }

    /// <summary>Reads <see cref="DesiredPatch"/>.</summary>
    public static bool TryParseDesiredPatch(string topic, out long version)
    {
        ArgumentNullException.ThrowIfNull(topic);
        version = 0;
        return topic.StartsWith(DesiredPrefix, StringComparison.Ordinal)
            && TryFind(topic.AsSpan(DesiredPrefix.Length), "$version", out ReadOnlySpan<char> text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version);
    }

    /// <summary>Reads <see cref="MethodRequest"/>.</summary>
    public static bool TryParseMethodRequest(string topic, [NotNullWhen(true)] out string? method, [NotNullWhen(true)] out string? requestId)
    {
        ArgumentNullException.ThrowIfNull(topic);
        method = null;
        requestId = null;
        if (!topic.StartsWith(MethodRequestPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        int slash = topic.IndexOf('/', MethodRequestPrefix.Length);
        if (slash <= MethodRequestPrefix.Length || slash + 1 >= topic.Length || topic[slash + 1] != '?' || !TryReadRequestId(topic.AsSpan(slash + 2), out requestId))
        {
            return false;
        }

        method = topic[MethodRequestPrefix.Length..slash];
        return true;
    }

    /// <summary>Reads <see cref="MethodResponse"/>; the status may be any integer.</summary>
    public static bool TryParseMethodResponse(string topic, out int status, [NotNullWhen(true)] out string? requestId)
    {
        ArgumentNullException.ThrowIfNull(topic);
        requestId = null;
        return TryReadStatus(topic, MethodResponsePrefix, out status, out ReadOnlySpan<char> query) && TryReadRequestId(query, out requestId);
    }

    /// <summary>Reads <see cref="Telemetry"/>, of a device or a module; a '/' at the end, which one of the common device SDKs adds, is dropped.</summary>
    public static bool TryParseTelemetry(string topic, [NotNullWhen(true)] out string? clientId, [NotNullWhen(true)] out IReadOnlyDictionary<string, string?>? properties) =>
        TryParseMessage(topic, "/messages/events/", out clientId, out properties);

    /// <summary>Reads <see cref="DeviceBound"/>.</summary>
    public static bool TryParseDeviceBound(string topic, [NotNullWhen(true)] out string? deviceId, [NotNullWhen(true)] out IReadOnlyDictionary<string, string?>? properties) =>
        TryParseMessage(topic, "/messages/devicebound/", out deviceId, out properties);

    private static string Root(string clientId)
    {
        ArgumentNullException.ThrowIfNull(clientId);
        int slash = clientId.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? $"devices/{clientId}" : $"devices/{clientId[..slash]}/modules/{clientId[(slash + 1)..]}";
    }

    private static bool TryParseMessage(
        string topic,
        string middle,
        [NotNullWhen(true)] out string? clientId,
        [NotNullWhen(true)] out IReadOnlyDictionary<string, string?>? properties)
    {
        ArgumentNullException.ThrowIfNull(topic);
        clientId = null;
        properties = null;
        const string prefix = "devices/";
        if (!topic.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        int slash = topic.IndexOf('/', prefix.Length);
        if (slash <= prefix.Length)
        {
            return false;
        }

        string sender = topic[prefix.Length..slash];
        const string modules = "/modules/";
        if (topic.AsSpan(slash).StartsWith(modules, StringComparison.Ordinal))
        {
            int from = slash + modules.Length;
            slash = topic.IndexOf('/', from);
            if (slash <= from)
            {
                return false;
            }

            sender = $"{sender}/{topic[from..slash]}";
        }

        // The hub's documentation writes the topic with and without the last '/'.
        ReadOnlySpan<char> rest = topic.AsSpan(slash);
        if (!rest.StartsWith(middle, StringComparison.Ordinal) && !rest.SequenceEqual(middle.AsSpan(0, middle.Length - 1)))
        {
            return false;
        }

        ReadOnlySpan<char> bag = rest.Length <= middle.Length ? [] : rest[middle.Length..].TrimEnd('/');
        if (!PropertyBag.TryParse(bag, out properties))
        {
            return false;
        }

        clientId = sender;
        return true;
    }

    private static bool TryReadStatus(string topic, string prefix, out int status, out ReadOnlySpan<char> query)
    {
        status = 0;
        query = default;
        if (!topic.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = topic.AsSpan(prefix.Length);
        int slash = rest.IndexOf('/');
        if (slash <= 0 || slash + 1 >= rest.Length || rest[slash + 1] != '?'
            || !int.TryParse(rest[..slash], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out status))
        {
            return false;
        }

        query = rest[(slash + 2)..];
        return true;
    }

    private static bool TryReadRequestId(ReadOnlySpan<char> query, [NotNullWhen(true)] out string? requestId)
    {
        requestId = TryFind(query, "$rid", out ReadOnlySpan<char> value) && value.Length > 0 ? value.ToString() : null;
        return requestId is not null;
    }

    private static bool TryFind(ReadOnlySpan<char> query, string name, out ReadOnlySpan<char> value)
    {
        foreach (Range part in query.Split('&'))
        {
            ReadOnlySpan<char> field = query[part];
            if (field.Length > name.Length && field[name.Length] == '=' && field.StartsWith(name, StringComparison.Ordinal))
            {
                value = field[(name.Length + 1)..];
                return true;
            }
        }

        value = default;
        return false;
    }
}
