using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>Automatic device management: configurations, their test, and content for one device at once.</summary>
internal sealed class ConfigurationEndpoints(ConfigurationBook book, ConfigurationScheduler scheduler, DeviceRegistry registry)
{
    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", "/configurations", HubPermissions.RegistryRead, ListAsync);
        api.Map(routes, "GET", "/configurations/{id}", HubPermissions.RegistryRead, context => AnswerAsync(context, book.Get(Id(context))));
        api.Map(routes, "PUT", "/configurations/{id}", HubPermissions.RegistryWrite, PutAsync);
        api.Map(routes, "DELETE", "/configurations/{id}", HubPermissions.RegistryWrite, DeleteAsync);
        api.Map(routes, "POST", "/configurations/testQueries", HubPermissions.RegistryRead, TestAsync);
        api.Map(routes, "POST", "/devices/{id}/applyConfigurationContent", HubPermissions.RegistryWrite, ApplyAsync);
    }

    private Task ListAsync(HttpContext context)
    {
        int top = HubChoices.MaxConfigurations;
        if (context.Request.Query["top"] is { Count: > 0 } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out top) && top >= 1))
        {
            throw HubRefusalException.Invalid("'top' must be a positive whole number.");
        }

        return RestApi.WriteJsonAsync(context, book.All.OrderBy(c => c.Definition.Id, StringComparer.Ordinal).Take(top), static (all, json) =>
        {
            json.WriteStartArray();
            foreach (Configuration configuration in all)
            {
                ConfigurationDocument.Write(configuration, json);
            }

            json.WriteEndArray();
        });
    }

    private async Task PutAsync(HttpContext context)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        ConfigurationRequest request = ConfigurationRequest.Parse(Id(context), document.RootElement);
        Configuration configuration = RestApi.IfMatch(context) is { } ifMatch ? await book.UpdateAsync(request, ifMatch) : await book.CreateAsync(request);
        scheduler.RunSoon();
        await AnswerAsync(context, configuration);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        await book.RemoveAsync(Id(context), RestApi.IfMatch(context));
        scheduler.RunSoon();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task TestAsync(HttpContext context)
    {
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        JsonElement json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        string target = Problem(() => ConfigurationRequest.CheckTarget(ConfigurationRequest.Text(json, "targetCondition") ?? "", null));
        Dictionary<string, string> metrics = ConfigurationRequest.ReadTexts(ConfigurationRequest.Member(json, "customMetricQueries"), "customMetricQueries")
            .ToDictionary(m => m.Key, m => Problem(() => ConfigurationRequest.CheckMetric(m.Key, m.Value)), StringComparer.Ordinal);
        await RestApi.WriteJsonAsync(context, (target, metrics), static (problems, json) =>
        {
            json.WriteStartObject();
            json.WriteString("targetConditionError"u8, problems.target);
            json.WriteStartObject("customMetricQueryErrors"u8);
            foreach ((string name, string problem) in problems.metrics.Where(m => m.Value.Length > 0))
            {
                json.WriteString(name, problem);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private async Task ApplyAsync(HttpContext context)
    {
        Device device = registry.Get(Id(context));
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));

        // All is read and found before the first twin is changed.
        (Device Twin, byte[] Patch)[] patches = [.. Patches(device, document.RootElement)];
        foreach ((Device twin, byte[] patch) in patches)
        {
            using JsonDocument desired = JsonDocument.Parse(patch);
            await registry.ChangeTwinAsync(twin, null, null, desired.RootElement, replace: false);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private IEnumerable<(Device Twin, byte[] Patch)> Patches(Device device, JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        JsonElement? deviceContent = ConfigurationRequest.Member(content, "deviceContent");
        JsonElement? modulesContent = content.Object("modulesContent");
        if (deviceContent is null && modulesContent is null)
        {
            throw new HubRefusalException(HubErrorCodes.InvalidConfigurationContent, "The body needs 'deviceContent' or 'modulesContent'.");
        }

        if (deviceContent is { } settings)
        {
            yield return (device, Patch("deviceContent", settings));
        }

        if (modulesContent is { } modules)
        {
            foreach (JsonProperty module in modules.EnumerateObject())
            {
                Device twin = registry.Get(device.Id, module.Name);
                yield return (twin, Patch($"modulesContent.{module.Name}", module.Value));
            }
        }
    }

    private static byte[] Patch(string name, JsonElement settings) =>
        HubJson.Bytes(DesiredSettings.Combine(ConfigurationContent.ReadSettings(name, settings)), static (tree, json) => tree.WriteTo(json));

    private static string Problem(Action check)
    {
        try
        {
            check();
            return "";
        }
        catch (HubRefusalException e)
        {
            return e.Message;
        }
    }

    private static Task AnswerAsync(HttpContext context, Configuration configuration) =>
        RestApi.WriteJsonAsync(context, configuration, ConfigurationDocument.Write, ETags.Format(configuration.Definition.ETag));

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;
}
