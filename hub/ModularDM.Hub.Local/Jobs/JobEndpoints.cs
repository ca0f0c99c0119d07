using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>Jobs over many devices.</summary>
internal sealed class JobEndpoints(JobBook book, JobScheduler scheduler, TimeProvider time)
{
    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", "/jobs/v2/query", HubPermissions.ServiceConnect, ListAsync);
        api.Map(routes, "GET", "/jobs/v2/{id}", HubPermissions.ServiceConnect, context => AnswerAsync(context, book.Get(Id(context))));
        api.Map(routes, "PUT", "/jobs/v2/{id}", HubPermissions.ServiceConnect, PutAsync);
        api.Map(routes, "POST", "/jobs/v2/{id}/cancel", HubPermissions.ServiceConnect, CancelAsync);
    }

    private async Task PutAsync(HttpContext context)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        await AnswerAsync(context, await scheduler.AddAsync(JobRequest.Parse(Id(context), document.RootElement, time.GetUtcNow())));
    }

    private async Task CancelAsync(HttpContext context)
    {
        Job job = book.Get(Id(context));
        await book.CancelAsync(job);
        await AnswerAsync(context, job);
    }

    private Task ListAsync(HttpContext context)
    {
        JobType? type = Choice(context, "jobType", JobNames.TypeOf, JobNames.Types);
        JobStatus? status = Choice(context, "jobStatus", JobNames.StatusOf, JobNames.Statuses);
        QueryPage page = QueryPage.Of(context, $"jobs {type} {status}");
        IEnumerable<Job> found = book.All
            .Where(j => (type is null || j.Request.Type == type) && (status is null || j.Progress.Status == status) && page.IsAhead(j.Request.Id))
            .OrderBy(j => j.Request.Id, StringComparer.Ordinal);
        return RestApi.WriteJsonAsync(context, page.Take(context, found, j => j.Request.Id, "JobResponse"), static (jobs, json) =>
        {
            json.WriteStartArray();
            jobs.ForEach(job => JobDocument.Write(job, json));
            json.WriteEndArray();
        });
    }

    private static T? Choice<T>(HttpContext context, string name, Func<string, T?> find, string known)
        where T : struct
    {
        string? text = context.Request.Query[name];
        return string.IsNullOrEmpty(text) ? null : find(text) ?? throw HubRefusalException.Invalid($"'{name}' must be one of: {known}.");
    }

    private static Task AnswerAsync(HttpContext context, Job job) => RestApi.WriteJsonAsync(context, job, JobDocument.Write);

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;
}
