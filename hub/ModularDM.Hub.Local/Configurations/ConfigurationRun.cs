using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>Makes every twin as the configurations want it, and counts. What is so already costs no write, so that a run may be repeated at any time.</summary>
internal sealed partial class ConfigurationRun
{
    // So many twins are written at once that they share syncs of the disk.
    private const int MaxAtOnce = 32;
    private const int MaxTries = 5;
    private static readonly byte[] Nothing = "{}"u8.ToArray();

    private readonly ConfigurationBook book;
    private readonly DeviceRegistry registry;
    private readonly QueryRun queries;
    private readonly HubStore store;
    private readonly ILogger<ConfigurationRun> logger;

    public ConfigurationRun(ConfigurationBook book, DeviceRegistry registry, QueryRun queries, HubStore store, ILogger<ConfigurationRun> logger)
    {
        this.book = book;
        this.registry = registry;
        this.queries = queries;
        this.store = store;
        this.logger = logger;
        foreach ((string id, ConfigurationState state) in store.ReadConfiguredTwins())
        {
            if (registry.Find(id) is { } device)
            {
                device.Configured = state;
            }
        }
    }

    /// <summary>Looks at every device and module once. One run at a time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Configuration[] configurations = [.. book.All];
        var plan = new ConfigurationPlan(configurations.Select(c => c.Definition));
        await Parallel.ForEachAsync(
            registry.All,
            new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancellationToken },
            async (device, _) =>
            {
                ConfigurationPlan.Wish? wish = plan.For(device);
                if (wish is not null || device.Configured is not null)
                {
                    await ConfigureAsync(device, wish);
                }
            });
        Count(configurations);
    }

    private async Task ConfigureAsync(Device device, ConfigurationPlan.Wish? wish)
    {
        // Those that decide the twin now, or decided it until now.
        IReadOnlyDictionary<string, bool> deciding = (wish?.Applied ?? device.Configured?.Applied)!;
        HubCaller.Current = HubCaller.Hub("configurations/" + string.Join(',', deciding.Where(c => c.Value).Select(c => c.Key).Order(StringComparer.Ordinal)));
        try
        {
            for (int i = 0; i < MaxTries && !await TryChangeAsync(device, wish); i++)
            {
                // The twin was changed meanwhile: once more, from what it is now. After so many times the next run has its turn.
            }
        }
        catch (HubRefusalException e)
        {
            TwinRefused(device.Id, e.Message);
            if (wish is not null)
            {
                await SaveAsync(device, new ConfigurationState(device.Configured?.Settings ?? Nothing, wish.Applied.ToDictionary(a => a.Key, _ => false, StringComparer.Ordinal)));
            }
        }
    }

    private async Task<bool> TryChangeAsync(Device device, ConfigurationPlan.Wish? wish)
    {
        Twin twin = device.Twin;
        byte[] before = device.Configured?.Settings ?? Nothing;
        var desired = (JsonObject)JsonNode.Parse(twin.Desired.Body)!;
        DesiredSettings.Apply(desired, (JsonObject)JsonNode.Parse(before)!, wish?.Settings ?? []);
        if (MergePatch.Diff(twin.Desired.Body, HubJson.Bytes(desired, static (tree, json) => tree.WriteTo(json))) is { } patch)
        {
            // Until the twin is written it may hold what was and what will be: after a crash the next run takes away what is not wanted of either.
            var both = (JsonObject)JsonNode.Parse(before)!;
            DesiredSettings.Add(both, wish?.Settings ?? []);
            await SaveAsync(device, new ConfigurationState(HubJson.Bytes(both, static (tree, json) => tree.WriteTo(json)), device.Configured?.Applied ?? new Dictionary<string, bool>()));
            using JsonDocument document = JsonDocument.Parse(patch);
            try
            {
                await registry.ChangeTwinAsync(device, ETags.Format(twin.ETag), null, document.RootElement, replace: false);
            }
            catch (HubRefusalException e) when (e.Code == HubErrorCodes.PreconditionFailed)
            {
                return false;
            }
        }

        await SaveAsync(device, wish is null ? null : new ConfigurationState(wish.Json, wish.Applied));
        return true;
    }

    private async Task SaveAsync(Device device, ConfigurationState? state)
    {
        StoreChange save;
        lock (device.Gate)
        {
            if (device.Removed || AreSame(device.Configured, state))
            {
                return;
            }

            store.Enqueue(save = new ConfigurationStore.SaveTwin(device.Id, state));
            device.Configured = state;
        }

        await save.Done;
    }

    private void Count(Configuration[] configurations)
    {
        ConfigurationState[] states = [.. registry.All.Select(d => d.Configured).OfType<ConfigurationState>()];
        foreach (Configuration configuration in configurations)
        {
            string id = configuration.Definition.Id;
            configuration.Results = new ConfigurationResults(
                states.Count(s => s.Applied.ContainsKey(id)),
                states.Count(s => s.Applied.GetValueOrDefault(id)),
                configuration.Definition.Metrics.ToDictionary(m => m.Key, m => queries.Count(QueryParser.Parse(m.Value)), StringComparer.Ordinal));
        }
    }

    private static bool AreSame(ConfigurationState? one, ConfigurationState? other) =>
        one is null || other is null
            ? one == other
            : one.Settings.AsSpan().SequenceEqual(other.Settings) && one.Applied.Count == other.Applied.Count
                && one.Applied.All(a => other.Applied.TryGetValue(a.Key, out bool applied) && applied == a.Value);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Configurations could not be applied to {DeviceId}: {Reason}")]
    private partial void TwinRefused(string deviceId, string reason);
}
