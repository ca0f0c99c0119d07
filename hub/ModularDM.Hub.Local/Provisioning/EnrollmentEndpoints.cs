using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>The provisioning service's service side: enrolments, groups of them, and what became of the devices that came.</summary>
internal sealed partial class EnrollmentEndpoints(Enrollments enrollments)
{
    private const int MaxBulk = 10;
    private const int MaxPage = 1000;

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        foreach ((string root, bool isGroup) in (ReadOnlySpan<(string, bool)>)[("/enrollments", false), ("/enrollmentGroups", true)])
        {
            api.Map(routes, "GET", root + "/{id}", HubPermissions.Enrollments, c => AnswerAsync(c, enrollments.Get(isGroup, Id(c)), withKeys: false));
            api.Map(routes, "PUT", root + "/{id}", HubPermissions.Enrollments, c => PutAsync(c, isGroup));
            api.Map(routes, "DELETE", root + "/{id}", HubPermissions.Enrollments, c => NoContentAsync(c, enrollments.RemoveAsync(isGroup, Id(c), RestApi.IfMatch(c))));
            api.Map(routes, "POST", root + "/{id}/attestationmechanism", HubPermissions.Enrollments, c => AttestationAsync(c, isGroup));
            api.Map(routes, "POST", root + "/query", HubPermissions.Enrollments, c => QueryAsync(
                c, isGroup ? "EnrollmentGroup" : "Enrollment", enrollments.All(isGroup), e => e.Id, (e, json) => e.Write(json, withKeys: false, isGroup ? null : enrollments.FindRegistration(e.Id))));
        }

        api.Map(routes, "POST", "/enrollments", HubPermissions.Enrollments, BulkAsync);
        api.Map(routes, "GET", "/registrations/{id}", HubPermissions.Enrollments, c => RestApi.WriteJsonAsync(
            c, enrollments.GetRegistration(Id(c)), static (registration, json) => registration.Write(json)));
        api.Map(routes, "DELETE", "/registrations/{id}", HubPermissions.Enrollments, c => NoContentAsync(c, enrollments.RemoveRegistrationAsync(Id(c))));
        api.Map(routes, "POST", "/registrations/{id}/query", HubPermissions.Enrollments, c => QueryAsync(
            c,
            "DeviceRegistration",
            enrollments.Registrations.Where(r => enrollments.Get(isGroup: true, Id(c)).Id.Equals(r.GroupId, StringComparison.OrdinalIgnoreCase)),
            r => r.RegistrationId,
            (r, json) => r.Write(json)));
    }

    private async Task PutAsync(HttpContext context, bool isGroup)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        await AnswerAsync(context, await enrollments.SaveAsync(isGroup, Id(context), document.RootElement, RestApi.IfMatch(context)), withKeys: true);
    }

    private Task AttestationAsync(HttpContext context, bool isGroup) =>
        RestApi.WriteJsonAsync(context, enrollments.Get(isGroup, Id(context)), static (e, json) => e.Attestation.Write(json, e.IsGroup, withKeys: true));

    private async Task BulkAsync(HttpContext context)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        JsonElement json = document.RootElement;
        string? mode = json.ValueKind == JsonValueKind.Object ? json.Text("mode") : null;
        if (mode is not ("create" or "update" or "updateIfMatchETag" or "delete") && !"updateIfMatchEtag".Equals(mode, StringComparison.Ordinal))
        {
            throw HubRefusalException.Invalid("'mode' must be 'create', 'update', 'updateIfMatchETag' or 'delete'.");
        }

        if (!json.TryGetProperty("enrollments", out JsonElement entries) || entries.ValueKind != JsonValueKind.Array || entries.GetArrayLength() is 0 or > MaxBulk
            || entries.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.Object || e.Text("registrationId") is null))
        {
            throw HubRefusalException.Invalid($"'enrollments' must be an array of 1 to {MaxBulk} objects with a 'registrationId'.");
        }

        var failures = new List<(string Id, HubRefusalException Reason)>();
        foreach (JsonElement entry in entries.EnumerateArray())
        {
            string id = entry.Text("registrationId")!;
            try
            {
                await ApplyAsync(mode, id, entry);
            }
            catch (HubRefusalException e)
            {
                failures.Add((id, e));
            }
        }

        await RestApi.WriteJsonAsync(context, failures, static (failed, writer) =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("isSuccessful"u8, failed.Count == 0);
            writer.WriteStartArray("errors"u8);
            foreach ((string id, HubRefusalException reason) in failed)
            {
                writer.WriteStartObject();
                writer.WriteString("registrationId"u8, id);
                writer.WriteNumber("errorCode"u8, reason.Code);
                writer.WriteString("errorStatus"u8, reason.Message);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private async Task ApplyAsync(string mode, string id, JsonElement entry)
    {
        switch (mode)
        {
            case "create":
                await enrollments.SaveAsync(isGroup: false, id, entry, ifMatch: null);
                break;
            case "delete":
                await enrollments.RemoveAsync(isGroup: false, id, ifMatch: null);
                break;
            default:
                enrollments.Get(isGroup: false, id);
                string match = mode == "update" ? "*" : entry.Text("etag") ?? throw HubRefusalException.ETagMismatch();
                await enrollments.SaveAsync(isGroup: false, id, entry, match);
                break;
        }
    }

    private static async Task QueryAsync<T>(HttpContext context, string itemType, IEnumerable<T> items, Func<T, string> id, Action<T, Utf8JsonWriter> write)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        if (document.RootElement.ValueKind != JsonValueKind.Object || document.RootElement.Text("query") is not { } query || !SelectAll().IsMatch(query))
        {
            throw HubRefusalException.Invalid("The body needs a 'query', and of enrolments this service knows 'SELECT * FROM ...' alone.");
        }

        int size = MaxPage;
        if (context.Request.Headers["x-ms-max-item-count"].ToString() is { Length: > 0 } text
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is >= 1 and <= MaxPage))
        {
            throw HubRefusalException.Invalid($"'x-ms-max-item-count' must be a whole number from 1 to {MaxPage}.");
        }

        // Paged by id, which is also what the continuation holds.
        string after = Uri.UnescapeDataString(context.Request.Headers["x-ms-continuation"].ToString());
        T[] found = [.. items.OrderBy(id, StringComparer.Ordinal).Where(i => string.CompareOrdinal(id(i), after) > 0).Take(size + 1)];
        if (found.Length > size)
        {
            found = found[..size];
            context.Response.Headers["x-ms-continuation"] = Uri.EscapeDataString(id(found[^1]));
        }

        context.Response.Headers["x-ms-item-type"] = itemType;
        await RestApi.WriteJsonAsync(context, (found, write), static (s, json) =>
        {
            json.WriteStartArray();
            foreach (T item in s.found)
            {
                s.write(item, json);
            }

            json.WriteEndArray();
        });
    }

    private static async Task NoContentAsync(HttpContext context, Task work)
    {
        await work;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task AnswerAsync(HttpContext context, Enrollment enrollment, bool withKeys)
    {
        Registration? registration = enrollment.IsGroup ? null : enrollments.FindRegistration(enrollment.Id);
        return RestApi.WriteJsonAsync(context, (enrollment, withKeys, registration), static (s, json) => s.enrollment.Write(json, s.withKeys, s.registration), ETags.Format(enrollment.ETag));
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    [GeneratedRegex(@"^\s*(select\s+)?\*(\s+from\s+\w+)?\s*;?\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SelectAll();
}
