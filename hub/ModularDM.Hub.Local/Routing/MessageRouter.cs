using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Routing;

/// <summary>Hands what happens to the routes that want it.</summary>
internal sealed class MessageRouter : IAsyncDisposable
{
    private const string DeviceId = "deviceId";
    private readonly List<Route> routes = [];

    private MessageRouter()
    {
    }

    public IReadOnlyList<Route> Routes => routes;

    /// <exception cref="LocalHubStartException">A route cannot be used.</exception>
    public static async Task<MessageRouter> StartAsync(IReadOnlyList<HubRoute> settings, MessageLog messages, EventLog events, TimeProvider time, ILogger<MessageRouter> logger)
    {
        RouteSettings.Require(settings);
        var router = new MessageRouter();
        try
        {
            foreach (HubRoute route in settings)
            {
                IRouteEndpoint endpoint = route.File is { } file ? new FileEndpoint(route.Name, file) : new HttpEndpoint(route.Http!, time);
                router.routes.Add(new Route(route, endpoint, logger));
            }
        }
        catch (LocalHubStartException)
        {
            await router.DisposeAsync();
            throw;
        }

        if (settings.Any(r => r.Source == RouteSource.Messages))
        {
            messages.Appended += router.OnMessage;
        }

        if (settings.Any(r => r.Source != RouteSource.Messages))
        {
            events.Published += router.OnEvent;
        }

        return router;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Route route in routes)
        {
            await route.DisposeAsync();
        }
    }

    private void OnMessage(Device device, DeviceMessage message)
    {
        using JsonDocument properties = JsonDocument.Parse(message.Properties);
        byte[]? record = null;
        foreach (Route route in routes.Where(r => r.Settings.Source == RouteSource.Messages))
        {
            route.Offer(
                name => name == DeviceId ? device.Id : Text(properties.RootElement, name),
                () => record ??= HubJson.Bytes(message, static (m, json) => MessageEndpoints.Write(m, json)));
        }
    }

    private void OnEvent(HubEvent happened)
    {
        RouteSource? source = happened.Type switch
        {
            HubEventTypes.TwinChanged => RouteSource.TwinChanges,
            HubEventTypes.Connected or HubEventTypes.Disconnected => RouteSource.Connections,
            _ => null,
        };
        if (source is null)
        {
            return;
        }

        using JsonDocument data = JsonDocument.Parse(happened.Data);
        foreach (Route route in routes.Where(r => r.Settings.Source == source))
        {
            route.Offer(name => Text(data.RootElement, name), () => happened.Data);
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
