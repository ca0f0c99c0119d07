using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModularDM.Contracts;
using ModularDM.Host;

namespace ModularDM.Samples.QuickStart;

/// <summary>The device host with an application in it: the daemon's own builder, and three lines more.</summary>
internal static class HostProcess
{
    public static async Task<int> RunAsync(string[] args)
    {
        HostApplicationBuilder builder = DeviceHost.CreateBuilder([], configurationFile: args[0]);
        builder.Services.AddSingleton<Appliance>();
        builder.Services.AddSingleton<IApplication>(services => services.GetRequiredService<Appliance>());
        builder.Services.AddHostedService(services => services.GetRequiredService<Appliance>());
        using IHost host = builder.Build();
        if (DeviceHost.FindMistakes(host) is { Count: > 0 } mistakes)
        {
            await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, mistakes));
            return 78;
        }

        await host.RunAsync();
        return 0;
    }
}
