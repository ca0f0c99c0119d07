using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Query;

/// <summary>Queries over devices, page by page.</summary>
internal sealed class QueryEndpoints(DeviceRegistry registry)
{
    private const int DefaultPage = 100;
    private const int MaxPage = 1000;

    public void Map(RestApi api, IEndpointRouteBuilder routes) => api.Map(routes, "POST", "/devices/query", HubPermissions.ServiceConnect, RunAsync);

    private async Task RunAsync(HttpContext context)
    {
        using JsonDocument body = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        if (body.RootElement.ValueKind != JsonValueKind.Object || !body.RootElement.TryGetProperty("query"u8, out JsonElement text) || text.ValueKind != JsonValueKind.String)
        {
            throw HubRefusalException.Invalid("The body needs a 'query'.");
        }

        TwinQuery query = QueryParser.Parse(text.GetString()!);
        int size = PageSize(context.Request.Headers["x-ms-max-item-count"]);
        Position from = Position.Parse(context.Request.Headers["x-ms-continuation"]);
        int left = (query.Top ?? int.MaxValue) - from.Returned;

        // Devices are paged by id: one that comes or goes between two pages moves no other.
        using var runner = new QueryRunner(query.Where);
        List<Device> found = [.. registry.Devices
            .Where(d => from.After is null || string.CompareOrdinal(d.Id, from.After) > 0)
            .OrderBy(d => d.Id, StringComparer.Ordinal)
            .Where(runner.Matches)
            .Take(Math.Min(size, left - 1) + 1)];
        bool more = found.Count > size;
        if (more)
        {
            found.RemoveAt(size);
            context.Response.Headers["x-ms-continuation"] = new Position(found[^1].Id, from.Returned + found.Count).ToString();
        }

        context.Response.Headers["x-ms-item-type"] = "Twin";
        await RestApi.WriteJsonAsync(context, found, static (devices, json) =>
        {
            json.WriteStartArray();
            foreach (Device device in devices)
            {
                TwinDocument.WriteForService(device, device.Twin, json);
            }

            json.WriteEndArray();
        });
    }

    private static int PageSize(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return DefaultPage;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int size) && size is >= 1 or -1
            ? size == -1 ? DefaultPage : Math.Min(size, MaxPage)
            : throw HubRefusalException.Invalid("'x-ms-max-item-count' must be a positive whole number.");
    }

    private readonly record struct Position(string? After, int Returned)
    {
        public static Position Parse(string? token)
        {
            if (string.IsNullOrEmpty(token))
            {
                return default;
            }

            byte[] bytes = new byte[token.Length];
            if (Convert.TryFromBase64String(token, bytes, out int length)
                && Encoding.UTF8.GetString(bytes, 0, length).Split('/', 2) is [var count, var after]
                && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int returned))
            {
                return new Position(after, returned);
            }

            throw HubRefusalException.Invalid("'x-ms-continuation' is not one of this hub's.");
        }

        public override string ToString() => Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Returned}/{After}")));
    }
}
