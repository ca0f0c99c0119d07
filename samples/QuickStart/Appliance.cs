using System.Text.Json;
using Microsoft.Extensions.Hosting;
using ModularDM.Contracts;
using ModularDM.Hosting.Application;
using ModularDM.Hosting.Hub;

namespace ModularDM.Samples.QuickStart;

/// <summary>
/// The product's own application: an appliance that is busy or idle. It shares the runtime's hub connection under its own names, and while it is busy the device may not reboot.
/// Method <c>appliance.setBusy {"busy":true}</c>; reported <c>appliance.busy</c>.
/// </summary>
internal sealed class Appliance(IServiceProvider services) : IApplication, IHostedService
{
    private volatile bool _busy;
    private IDisposable? _method;

    public Task<bool> IsRebootAllowedAsync(string reason, CancellationToken cancellationToken) => Task.FromResult(!_busy);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Asked for here and not in the constructor: the runtime needs this class to answer for the application.
        var hub = (IDeviceHub)services.GetService(typeof(IDeviceHub))!;
        _method = hub.MapMethod("appliance.setBusy", async (payload, token) =>
        {
            if (payload.ValueKind != JsonValueKind.Object || !payload.TryGetProperty("busy", out JsonElement busy) || busy.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                return (400, JsonSerializer.SerializeToElement(new { error = "expected {\"busy\": true} or {\"busy\": false}" }));
            }

            _busy = busy.GetBoolean();
            try
            {
                await hub.ReportAsync("appliance", JsonSerializer.SerializeToElement(new { busy = _busy }), token);
            }
            catch (HubException e)
            {
                return (503, JsonSerializer.SerializeToElement(new { error = e.Message }));
            }

            return (200, JsonSerializer.SerializeToElement(new { busy = _busy }));
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _method?.Dispose();
        return Task.CompletedTask;
    }
}
