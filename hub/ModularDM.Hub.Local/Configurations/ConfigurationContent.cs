using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>A value and where in the desired properties it belongs; no names for all of them.</summary>
internal sealed record ConfigurationSetting(string Written, IReadOnlyList<string> Path, JsonElement Value)
{
    /// <summary>Whether this one decides all of what <paramref name="other"/> decides.</summary>
    public bool Covers(ConfigurationSetting other) => Path.Count <= other.Path.Count && Path.SequenceEqual(other.Path.Take(Path.Count), StringComparer.Ordinal);
}

/// <summary>What a configuration sets, on devices or on modules.</summary>
internal sealed record ConfigurationContent(byte[] Json, QuerySource Source, IReadOnlyList<ConfigurationSetting> Settings)
{
    private const string Root = "properties.desired";

    /// <summary>Reads a configuration's content.</summary>
    /// <exception cref="HubRefusalException">It is not one; the message says what is wrong.</exception>
    public static ConfigurationContent Parse(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("'content' must be a JSON object.");
        }

        JsonElement? device = Part(content, "deviceContent");
        JsonElement? module = Part(content, "moduleContent");
        if (Part(content, "modulesContent") is not null)
        {
            throw Invalid("'modulesContent' is an Edge deployment, which this hub does not make; use 'moduleContent', or applyConfigurationContent for one device.");
        }

        return (device, module) switch
        {
            ({ } settings, null) => new ConfigurationContent(Raw(content), QuerySource.Devices, ReadSettings("deviceContent", settings)),
            (null, { } settings) => new ConfigurationContent(Raw(content), QuerySource.Modules, ReadSettings("moduleContent", settings)),
            _ => throw Invalid("'content' needs either 'deviceContent' or 'moduleContent'."),
        };
    }

    /// <summary>Reads an object whose names are twin paths.</summary>
    /// <exception cref="HubRefusalException">A path is not one of desired properties, or a value is none that a twin could hold.</exception>
    public static IReadOnlyList<ConfigurationSetting> ReadSettings(string name, JsonElement settings)
    {
        if (settings.ValueKind != JsonValueKind.Object || settings.GetPropertyCount() == 0)
        {
            throw Invalid($"'{name}' must be a JSON object of twin paths, such as \"{Root}.fan\".");
        }

        ConfigurationSetting[] read = [.. settings.EnumerateObject().Select(member => ReadSetting(name, member))];
        foreach (ConfigurationSetting setting in read)
        {
            if (read.FirstOrDefault(other => other != setting && setting.Covers(other)) is { } covered)
            {
                throw Invalid($"'{name}': the path '{covered.Written}' lies within '{setting.Written}'; set one of them.");
            }
        }

        using JsonDocument all = JsonDocument.Parse(HubJson.Bytes(DesiredSettings.Combine(read), static (tree, json) => tree.WriteTo(json)));
        return TwinLimits.Check(all.RootElement, TwinLimits.DesiredBytes) is { Count: > 0 } violations
            ? throw Invalid($"'{name}': " + string.Join(" ", violations.Take(20)))
            : read;
    }

    private static ConfigurationSetting ReadSetting(string name, JsonProperty member)
    {
        string path = member.Name;
        string[] names = path == Root ? [] : path.StartsWith(Root + ".", StringComparison.Ordinal) ? path[(Root.Length + 1)..].Split('.') : [""];
        if (names.Contains(""))
        {
            throw Invalid($"'{name}': the path '{path}' must be '{Root}' or begin with '{Root}.'.");
        }

        if (names.Length == 0 && member.Value.ValueKind != JsonValueKind.Object)
        {
            throw Invalid($"'{name}': the value of '{path}' must be a JSON object.");
        }

        return HoldsNull(member.Value)
            ? throw Invalid($"'{name}': the value of '{path}' is or holds null, which a twin cannot have; leave it out.")
            : new ConfigurationSetting(path, names, member.Value.Clone());
    }

    private static bool HoldsNull(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Object => value.EnumerateObject().Any(m => HoldsNull(m.Value)),
        _ => false,
    };

    private static JsonElement? Part(JsonElement content, string name) =>
        content.TryGetProperty(name, out JsonElement part) && part.ValueKind != JsonValueKind.Null && !(part.ValueKind == JsonValueKind.Object && part.GetPropertyCount() == 0)
            ? part
            : null;

    private static byte[] Raw(JsonElement content) => JsonMarshal.GetRawUtf8Value(content).ToArray();

    private static HubRefusalException Invalid(string message) => new(HubErrorCodes.InvalidConfigurationContent, message);
}
