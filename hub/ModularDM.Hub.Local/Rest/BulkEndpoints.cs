using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>Many identities with one request. Each entry stands for itself; the answer names those that could not be done.</summary>
internal sealed class BulkEndpoints(DeviceRegistry registry, TimeProvider time)
{
    private const int MaxEntries = 100;

    private sealed record Failure(BulkEntry Entry, HubRefusalException Reason);

    public void Map(RestApi api, IEndpointRouteBuilder routes) => api.Map(routes, "POST", "/devices", HubPermissions.RegistryWrite, RunAsync);

    private async Task RunAsync(HttpContext context)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        if (document.RootElement.ValueKind != JsonValueKind.Array)
        {
            throw HubRefusalException.Invalid("The body must be a JSON array of devices.");
        }

        if (document.RootElement.GetArrayLength() > MaxEntries)
        {
            throw new HubRefusalException(HubErrorCodes.TooManyDevices, $"The request has {document.RootElement.GetArrayLength()} entries; at most {MaxEntries}.");
        }

        BulkEntry[] entries = [.. document.RootElement.EnumerateArray().Select((json, at) => BulkEntry.Parse(json, at))];
        if (entries.GroupBy(e => (e.DeviceId, e.ModuleId)).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new HubRefusalException(HubErrorCodes.DeviceDefinedMultipleTimes, $"'{twice.Key.DeviceId}' is there more than once.");
        }

        // Begun in their order, so that a module may follow its device, and waiting together for one sync of the disk.
        Failure?[] results = await Task.WhenAll(entries.Select(TryApplyAsync));
        Failure[] failures = [.. results.OfType<Failure>()];
        await RestApi.WriteJsonAsync(context, failures, static (failed, json) =>
        {
            json.WriteStartObject();
            json.WriteBoolean("isSuccessful"u8, failed.Length == 0);
            json.WriteStartArray("errors"u8);
            foreach (Failure failure in failed)
            {
                Write(failure, json);
            }

            json.WriteEndArray();
            json.WriteStartArray("warnings"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task<Failure?> TryApplyAsync(BulkEntry entry)
    {
        try
        {
            await entry.ApplyAsync(registry, time.GetUtcNow());
            return null;
        }
        catch (HubRefusalException e)
        {
            return new Failure(entry, e);
        }
    }

    private static void Write(Failure failure, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("deviceId"u8, failure.Entry.DeviceId);
        json.WriteNumber("errorCode"u8, failure.Reason.Code);
        json.WriteString("errorStatus"u8, failure.Reason.Message);
        json.WriteString("moduleId"u8, failure.Entry.ModuleId);
        json.WriteString("operation"u8, failure.Entry.Mode);
        json.WriteEndObject();
    }
}
