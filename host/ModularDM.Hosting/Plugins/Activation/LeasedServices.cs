using Microsoft.Extensions.DependencyInjection;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Configurator;
using ModularDM.Hosting.Plugins.Calls;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>The host's services behind one plugin's lease: each call is refused when the lease is revoked, and ended when that happens meanwhile.</summary>
/// <remarks>The host's services are asked for at first use: some of them are built on the catalog of plugins themselves.</remarks>
internal sealed class LeasedServices(string pluginId, IReadOnlySet<SectionName> owned, PluginLeases leases, IServiceProvider host)
    : IConfigurator, ITwinReporter, IMessageSender, IApplication
{
    private readonly Lazy<IConfiguratorChannel> _channel = new(host.GetRequiredService<IConfiguratorChannel>);
    private readonly Lazy<IMessageSender> _messages = new(host.GetRequiredService<IMessageSender>);
    private readonly Lazy<IApplication?> _application = new(host.GetService<IApplication>);
    private readonly Lazy<ITwinReporter> _reporter = new(() => host.GetRequiredService<ISectionReporterFactory>().For(pluginId, owned));

    Task<TResponse> IConfigurator.SendAsync<TResponse>(ConfiguratorRequest<TResponse> request, CancellationToken cancellationToken) =>
        UnderLeaseAsync((lease, token) => _channel.Value.SendAsync(pluginId, lease.Id, request, token), cancellationToken);

    Task ITwinReporter.ReportAsync(string section, SectionReport report, CancellationToken cancellationToken) =>
        UnderLeaseAsync((_, token) => DoneAsync(_reporter.Value.ReportAsync(section, report, token)), cancellationToken);

    Task ITwinReporter.ReportAsync(string section, SectionReport report, ApplyResult result, CancellationToken cancellationToken) =>
        UnderLeaseAsync((_, token) => DoneAsync(_reporter.Value.ReportAsync(section, report, result, token)), cancellationToken);

    Task<bool> IMessageSender.SendAsync(ReadOnlyMemory<byte> utf8Json, IReadOnlyDictionary<string, string>? properties, CancellationToken cancellationToken) =>
        UnderLeaseAsync((_, token) => _messages.Value.SendAsync(utf8Json, properties, token), cancellationToken);

    // An application that has nothing to say does not mind.
    Task<bool> IApplication.IsRebootAllowedAsync(string reason, CancellationToken cancellationToken) => UnderLeaseAsync(
        (_, token) => _application.Value is { } application ? application.IsRebootAllowedAsync(reason, token) : Task.FromResult(true), cancellationToken);

    private static async Task<bool> DoneAsync(Task task)
    {
        await task;
        return true;
    }

    private async Task<T> UnderLeaseAsync<T>(Func<PluginLease, CancellationToken, Task<T>> use, CancellationToken cancellationToken)
    {
        PluginLease lease = leases.Require();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Revocation);
        return await use(lease, either.Token);
    }
}
