using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Query;

/// <summary>Queries over twins and jobs, page by page.</summary>
internal sealed class QueryEndpoints(QueryRun queries)
{
    public void Map(RestApi api, IEndpointRouteBuilder routes) => api.Map(routes, "POST", "/devices/query", HubPermissions.ServiceConnect, RunAsync);

    private async Task RunAsync(HttpContext context)
    {
        using JsonDocument body = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        if (body.RootElement.ValueKind != JsonValueKind.Object || !body.RootElement.TryGetProperty("query"u8, out JsonElement text) || text.ValueKind != JsonValueKind.String)
        {
            throw HubRefusalException.Invalid("The body needs a 'query'.");
        }

        string query = text.GetString()!;
        QueryStatement statement = QueryParser.Parse(query);
        QueryPage page = QueryPage.Of(context, query);
        List<QueryRun.Result> results = page.Take(context, queries.Results(statement, page.IsAhead), r => r.Key, statement.ItemType, statement.Top ?? int.MaxValue);
        await RestApi.WriteJsonAsync(context, results, static (all, json) =>
        {
            json.WriteStartArray();
            all.ForEach(result => result.Write(json));
            json.WriteEndArray();
        });
    }
}
