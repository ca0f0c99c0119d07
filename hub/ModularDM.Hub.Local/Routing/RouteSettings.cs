using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModularDM.Hub.Local.Routing;

/// <summary>The file of routes: <c>{"routes":[...]}</c>.</summary>
internal sealed partial record RouteSettings
{
    public IReadOnlyList<HubRoute> Routes { get; set; } = [];

    /// <exception cref="LocalHubStartException">The file cannot be read.</exception>
    public static IReadOnlyList<HubRoute> Load(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, RouteContext.Default.RouteSettings)?.Routes ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalHubStartException.BadRoutes($"the file '{path}' cannot be read: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw LocalHubStartException.BadRoutes($"the file '{path}' is not as it must be, at {e.Path} in line {e.LineNumber + 1}: {e.Message}", e);
        }
    }

    /// <exception cref="LocalHubStartException">A route cannot be used; all that is wrong is said at once.</exception>
    public static void Require(IReadOnlyList<HubRoute> routes)
    {
        string[] errors =
        [
            .. routes.SelectMany(route => route.Check()),
            .. routes.GroupBy(r => r.Name, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => $"{g.Count()} routes are named '{g.Key}'."),
            .. routes.Where(r => r.File is not null).GroupBy(r => Path.GetFullPath(r.File!.Path.Length > 0 ? r.File.Path : "."), StringComparer.Ordinal)
                .Where(g => g.Count() > 1).Select(g => $"{g.Count()} routes write to '{g.Key}'."),
        ];
        if (errors.Length > 0)
        {
            throw LocalHubStartException.BadRoutes(string.Join(" ", errors));
        }
    }

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        UseStringEnumConverter = true,
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip)]
    [JsonSerializable(typeof(RouteSettings))]
    private sealed partial class RouteContext : JsonSerializerContext;
}
