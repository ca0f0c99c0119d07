using System.Text.Json;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>Writes a configuration as services see it.</summary>
internal static class ConfigurationDocument
{
    public static void Write(Configuration configuration, Utf8JsonWriter json)
    {
        ConfigurationDefinition definition = configuration.Definition;
        ConfigurationResults results = configuration.Results;
        json.WriteStartObject();
        json.WriteString("id"u8, definition.Id);
        json.WriteString("schemaVersion"u8, "1.0"u8);
        json.WritePropertyName("labels"u8);
        json.WriteRawValue(definition.Labels, skipInputValidation: true);
        json.WritePropertyName("content"u8);
        json.WriteRawValue(definition.Content.Json, skipInputValidation: true);
        json.WriteString("targetCondition"u8, definition.TargetCondition);
        json.WriteNumber("priority"u8, definition.Priority);
        json.WriteString("createdTimeUtc"u8, TwinMetadata.Text(definition.Created));
        json.WriteString("lastUpdatedTimeUtc"u8, TwinMetadata.Text(definition.Updated));
        WriteMetrics("systemMetrics", new Dictionary<string, int> { ["targetedCount"] = results.Targeted, ["appliedCount"] = results.Applied }, SystemQueries(definition), json);
        WriteMetrics("metrics", results.Metrics, definition.Metrics, json);
        json.WriteString("etag"u8, ETags.Format(definition.ETag));
        json.WriteEndObject();
    }

    private static Dictionary<string, string> SystemQueries(ConfigurationDefinition definition)
    {
        string source = definition.Content.Source == QuerySource.Modules ? "devices.modules" : "devices";
        return new Dictionary<string, string>
        {
            ["targetedCount"] = $"SELECT deviceId FROM {source} WHERE IS_DEFINED(configurations.[[{definition.Id}]].status)",
            ["appliedCount"] = $"SELECT deviceId FROM {source} WHERE configurations.[[{definition.Id}]].status = 'Applied'",
        };
    }

    private static void WriteMetrics(string name, IReadOnlyDictionary<string, int> results, IReadOnlyDictionary<string, string> queries, Utf8JsonWriter json)
    {
        json.WriteStartObject(name);
        json.WriteStartObject("results"u8);
        foreach ((string metric, int count) in results)
        {
            json.WriteNumber(metric, count);
        }

        json.WriteEndObject();
        json.WriteStartObject("queries"u8);
        foreach ((string metric, string query) in queries)
        {
            json.WriteString(metric, query);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
