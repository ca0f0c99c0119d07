using System.Text.Json.Nodes;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>
/// What configurations do to desired properties. Settings are laid over what a service has set, member by member; what a configuration no longer sets is
/// taken away, and what it never set stays.
/// </summary>
internal static class DesiredSettings
{
    /// <summary>One tree of settings; a later one replaces what an earlier one has at or below its path.</summary>
    public static JsonObject Combine(IEnumerable<ConfigurationSetting> settings)
    {
        var tree = new JsonObject();
        foreach (ConfigurationSetting setting in settings)
        {
            JsonNode value = JsonNode.Parse(setting.Value.GetRawText())!;
            if (setting.Path.Count == 0)
            {
                tree = (JsonObject)value;
                continue;
            }

            JsonObject at = tree;
            foreach (string name in setting.Path.SkipLast(1))
            {
                at = Enter(at, name);
            }

            at[setting.Path[^1]] = value;
        }

        return tree;
    }

    /// <summary>Changes desired properties so that they hold <paramref name="now"/>, and no more what only <paramref name="before"/> held.</summary>
    public static void Apply(JsonObject desired, JsonObject before, JsonObject now)
    {
        Remove(desired, before, now);
        Add(desired, now);
    }

    /// <summary>Adds members to a tree, object by object.</summary>
    public static void Add(JsonObject tree, JsonObject added)
    {
        foreach ((string name, JsonNode? value) in added)
        {
            if (value is JsonObject inner)
            {
                Add(Enter(tree, name), inner);
            }
            else
            {
                tree[name] = value?.DeepClone();
            }
        }
    }

    private static void Remove(JsonObject desired, JsonObject before, JsonObject? now)
    {
        foreach ((string name, JsonNode? value) in before)
        {
            JsonNode? stays = now?[name];
            if (value is JsonObject inner && desired[name] is JsonObject present)
            {
                Remove(present, inner, stays as JsonObject);
                if (present.Count > 0)
                {
                    continue;
                }
            }

            if (stays is null)
            {
                desired.Remove(name);
            }
        }
    }

    private static JsonObject Enter(JsonObject tree, string name)
    {
        if (tree[name] is not JsonObject inner)
        {
            tree[name] = inner = [];
        }

        return inner;
    }
}
