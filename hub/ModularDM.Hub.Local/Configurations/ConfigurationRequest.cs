using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>A configuration as a service asks for it.</summary>
/// <param name="Content">What it sets; <see langword="null"/> when the body has none.</param>
internal sealed record ConfigurationRequest(string Id, byte[] Labels, ConfigurationContent? Content, string TargetCondition, int Priority, IReadOnlyDictionary<string, string> Metrics)
{
    private const int MaxMetrics = 5;
    private static readonly SearchValues<char> NotInId = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ &^[]{}\\|\"<>/");

    /// <exception cref="HubRefusalException">The body is not a configuration; the message says what is wrong.</exception>
    public static ConfigurationRequest Parse(string id, JsonElement json)
    {
        if (id.Length is 0 or > 128 || id.AsSpan().ContainsAny(NotInId) || id.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw HubRefusalException.Invalid("The configuration id must have 1 to 128 characters: lower-case letters, digits, and signs other than & ^ [ ] { } \\ | \" < > / and space.");
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        if (Text(json, "id") is { } named && named != id)
        {
            throw HubRefusalException.Invalid("'id' differs from the path.");
        }

        JsonElement? content = Member(json, "content");
        string target = Text(json, "targetCondition") ?? "";
        var request = new ConfigurationRequest(
            id, ReadLabels(json), content is { } given ? ConfigurationContent.Parse(given) : null, target, ReadPriority(json), ReadMetrics(json));
        CheckTarget(target, request.Content?.Source);
        return request;
    }

    /// <summary>Checks which twins are meant: tags, reported properties and ids may decide.</summary>
    /// <param name="condition">As it was written; empty means none.</param>
    /// <param name="expected">What the content is for; <see langword="null"/> when that is not known.</param>
    /// <exception cref="HubRefusalException">It is no such condition.</exception>
    public static void CheckTarget(string condition, QuerySource? expected)
    {
        if (condition.Length == 0)
        {
            return;
        }

        QueryTarget target;
        try
        {
            target = QueryParser.ParseTarget(condition);
        }
        catch (HubRefusalException e)
        {
            throw InvalidTarget(e.Message);
        }

        if (expected is { } source && source != target.Source)
        {
            throw InvalidTarget(source == QuerySource.Modules
                ? "'moduleContent' needs a condition such as: FROM devices.modules WHERE tags.room = '7'."
                : "'deviceContent' is for devices: leave out 'FROM devices.modules'.");
        }

        QueryPath? foreign = target.Where?.All().OfType<QueryExpression.Member>().Select(m => m.Path).FirstOrDefault(p => !IsAllowed(p));
        if (foreign is not null)
        {
            throw InvalidTarget($"The condition may use tags, properties.reported, deviceId and moduleId, and not '{foreign}'.");
        }
    }

    /// <exception cref="HubRefusalException">It is no query.</exception>
    public static void CheckMetric(string name, string query)
    {
        try
        {
            _ = QueryParser.Parse(query);
        }
        catch (HubRefusalException e)
        {
            throw new HubRefusalException(HubErrorCodes.InvalidConfigurationCustomMetricsQuery, $"The metric '{name}': {e.Message}");
        }
    }

    /// <summary>Reads an object of texts.</summary>
    public static Dictionary<string, string> ReadTexts(JsonElement? json, string name)
    {
        if (json is not { } given)
        {
            return [];
        }

        return given.ValueKind == JsonValueKind.Object && given.EnumerateObject().All(m => m.Value.ValueKind == JsonValueKind.String)
            ? given.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!, StringComparer.Ordinal)
            : throw HubRefusalException.Invalid($"'{name}' must be a JSON object of strings.");
    }

    public static JsonElement? Member(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(JsonElement json, string name) => Member(json, name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw HubRefusalException.Invalid($"'{name}' must be a string.");

    private static byte[] ReadLabels(JsonElement json)
    {
        JsonElement? labels = Member(json, "labels");
        _ = ReadTexts(labels, "labels");
        return labels is { } given ? JsonMarshal.GetRawUtf8Value(given).ToArray() : "{}"u8.ToArray();
    }

    private static int ReadPriority(JsonElement json)
    {
        if (Member(json, "priority") is not { } value)
        {
            return 0;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int priority) && priority >= 0
            ? priority
            : throw HubRefusalException.Invalid("'priority' must be a whole number from 0 to 2147483647.");
    }

    private static Dictionary<string, string> ReadMetrics(JsonElement json)
    {
        Dictionary<string, string> queries = Member(json, "metrics") is { ValueKind: JsonValueKind.Object } metrics ? ReadTexts(Member(metrics, "queries"), "metrics.queries") : [];
        if (queries.Count > MaxMetrics)
        {
            throw new HubRefusalException(HubErrorCodes.InvalidConfigurationCustomMetricsQuery, $"There are {queries.Count} custom metrics; at most {MaxMetrics}.");
        }

        foreach ((string name, string query) in queries)
        {
            CheckMetric(name, query);
        }

        return queries;
    }

    private static bool IsAllowed(QueryPath path) => path.Root switch
    {
        QueryRoot.Tags or QueryRoot.Reported => true,
        QueryRoot.Identity => path.Below.Length == 0
            && (path.First.Equals("deviceId", StringComparison.OrdinalIgnoreCase) || path.First.Equals("moduleId", StringComparison.OrdinalIgnoreCase)),
        _ => false,
    };

    private static HubRefusalException InvalidTarget(string message) => new(HubErrorCodes.InvalidConfigurationTargetCondition, message);
}
