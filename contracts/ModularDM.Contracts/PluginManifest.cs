using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Contracts.Json;

namespace ModularDM.Contracts;

/// <summary>
/// The <c>plugin.json</c> of a plugin folder. It says who the plugin is and what it asks for; section and method names stand on the attributes only.
/// </summary>
public sealed partial record PluginManifest : IValidated
{
    /// <summary>The version of the plugin contract that this assembly describes.</summary>
    public const int CurrentApi = 1;

    /// <summary>The file's name.</summary>
    public const string FileName = "plugin.json";

    // Getters supply the defaults of absent members: the JSON source generator overwrites the initialiser of an init member with null.
    private static readonly PluginRequests s_none = new();

    /// <summary><c>vendor.name</c>, lower case: the name of the folder too. The vendor is the first-level node that the plugin's sections live under, in lower case.</summary>
    public required string Id { get; init; }

    /// <summary>The plugin's version, as <c>1.2.3</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The contract version the plugin was built for; this host runs <see cref="CurrentApi"/>.</summary>
    public required int Api { get; init; }

    /// <summary>File name of the assembly in the folder.</summary>
    public required string Assembly { get; init; }

    /// <summary>Where the plugin runs.</summary>
    /// <value>The default is in the host's process.</value>
    public PluginIsolation Isolation { get; init; } = PluginIsolation.None;

    /// <summary>When the plugin's code is loaded.</summary>
    /// <value>The default is on demand.</value>
    public PluginActivation Activation { get; init; } = PluginActivation.OnDemand;

    // Generated readers set every init-only member, absent ones to null, so an initializer would be lost.
    /// <summary>What the plugin asks for; the policy of the configurator grants it or does not.</summary>
    public PluginRequests Requests { get => field ?? s_none; init; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="utf8Json">The file's content; a byte order mark, comments and trailing commas are accepted, because people write it.</param>
    /// <param name="errors">Receives every error, with the key to mend.</param>
    /// <returns>The manifest, or null when there are errors.</returns>
    public static PluginManifest? Parse(ReadOnlyMemory<byte> utf8Json, ICollection<SectionError> errors) =>
        JsonMembers.ReadFile(utf8Json, ManifestJson.Default.PluginManifest, errors);

    IEnumerable<SectionError> IValidated.Validate()
    {
        if (!IdPattern().IsMatch(Id))
        {
            yield return new SectionError("id", "expected vendor.name in lower-case letters, digits and '-', each beginning with a letter", ErrorCodes.InvalidDesiredJsonValue);
        }

        if (!VersionPattern().IsMatch(Version))
        {
            yield return new SectionError("version", "expected major.minor.patch, as 1.2.3 or 1.2.3-beta", ErrorCodes.InvalidDesiredJsonValue);
        }

        // Both separators on every platform: a manifest means the same everywhere.
        if (Assembly.AsSpan().ContainsAny('/', '\\') || Assembly.Length <= ".dll".Length || !Assembly.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
        {
            yield return new SectionError("assembly", "expected the name of a .dll in the plugin's own folder", ErrorCodes.InvalidDesiredJsonValue);
        }

        if (Requests.Configurator.Any(string.IsNullOrWhiteSpace))
        {
            yield return new SectionError("requests.configurator", "expected names of operations, found an empty one", ErrorCodes.InvalidDesiredJsonValue);
        }

        if (Requests.Attributes.Any(string.IsNullOrWhiteSpace))
        {
            yield return new SectionError("requests.attributes", "expected names of attributes, found an empty one", ErrorCodes.InvalidDesiredJsonValue);
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,62}\\.[a-z][a-z0-9-]{0,62}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();

    [GeneratedRegex("^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}

/// <summary>What a plugin asks of root. An operator reads it before writing the policy.</summary>
public sealed record PluginRequests
{
    /// <summary>Operations of the configurator, by wire name.</summary>
    public IReadOnlyList<string> Configurator { get => field ?? []; init; }

    /// <summary>Device attributes, by the name the policy gives them.</summary>
    public IReadOnlyList<string> Attributes { get => field ?? []; init; }
}

/// <summary>Where a plugin runs.</summary>
[JsonConverter(typeof(WordConverter<PluginIsolation>))]
public enum PluginIsolation
{
    /// <summary>In the host's process, in a load context of its own.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>In a process of its own or shared with other plugins. Refused by this version, in words.</summary>
    [JsonStringEnumMemberName("process")] Process,
}

/// <summary>When a plugin's code is loaded.</summary>
[JsonConverter(typeof(WordConverter<PluginActivation>))]
public enum PluginActivation
{
    /// <summary>When its first section or method arrives.</summary>
    [JsonStringEnumMemberName("onDemand")] OnDemand,

    /// <summary>When the host starts.</summary>
    [JsonStringEnumMemberName("startup")] Startup,
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, AllowDuplicateProperties = false,
    ReadCommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(PluginManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
