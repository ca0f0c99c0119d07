using System.Collections.Concurrent;
using System.Text.Json;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>All configurations, in memory in front of the store.</summary>
internal sealed class ConfigurationBook
{
    private readonly ConcurrentDictionary<string, Configuration> configurations = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly HubStore store;
    private readonly TimeProvider time;

    public ConfigurationBook(HubStore store, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        foreach (Configuration configuration in store.ReadConfigurations())
        {
            configurations[configuration.Definition.Id] = configuration;
        }
    }

    public IEnumerable<Configuration> All => configurations.Values;

    /// <exception cref="HubRefusalException">There is no such configuration.</exception>
    public Configuration Get(string id) =>
        configurations.GetValueOrDefault(id) ?? throw new HubRefusalException(HubErrorCodes.ConfigurationNotFound, $"There is no configuration '{id}'.");

    /// <exception cref="HubRefusalException">It exists, has no content, or there are too many.</exception>
    public async Task<Configuration> CreateAsync(ConfigurationRequest request)
    {
        ConfigurationContent content = request.Content ?? throw new HubRefusalException(HubErrorCodes.InvalidConfigurationContent, "The body needs a 'content'.");
        Configuration configuration;
        StoreChange save;
        lock (gate)
        {
            if (configurations.ContainsKey(request.Id))
            {
                throw new HubRefusalException(HubErrorCodes.ConfigurationAlreadyExists, $"The configuration '{request.Id}' already exists; send If-Match to change it.");
            }

            if (configurations.Count >= HubChoices.MaxConfigurations)
            {
                throw new HubRefusalException(HubErrorCodes.ConfigurationCountLimitExceeded, $"There are {HubChoices.MaxConfigurations} configurations, which is the most.");
            }

            DateTimeOffset now = time.GetUtcNow();
            configuration = new Configuration(
                new ConfigurationDefinition(request.Id, request.Labels, content, request.TargetCondition, request.Priority, request.Metrics, now, now, 1));
            store.Enqueue(save = new ConfigurationStore.Save(configuration.Definition));
            configurations[request.Id] = configuration;
        }

        await save.Done;
        return configuration;
    }

    /// <exception cref="HubRefusalException">It is not there, the ETag differs, or the content does.</exception>
    public async Task<Configuration> UpdateAsync(ConfigurationRequest request, string ifMatch)
    {
        Configuration configuration;
        StoreChange save;
        lock (gate)
        {
            configuration = Get(request.Id, ifMatch);
            ConfigurationDefinition before = configuration.Definition;
            if (request.Content is { } content && !AreEqual(content.Json, before.Content.Json))
            {
                throw new HubRefusalException(
                    HubErrorCodes.CannotModifyImmutableConfigurationContent, "The content of a configuration cannot be changed; make another configuration with a higher priority.");
            }

            ConfigurationRequest.CheckTarget(request.TargetCondition, before.Content.Source);
            ConfigurationDefinition after = before with
            {
                Labels = request.Labels,
                TargetCondition = request.TargetCondition,
                Priority = request.Priority,
                Metrics = request.Metrics,
                Updated = time.GetUtcNow(),
                ETag = before.ETag + 1,
            };
            store.Enqueue(save = new ConfigurationStore.Save(after));
            configuration.Definition = after;
        }

        await save.Done;
        return configuration;
    }

    /// <exception cref="HubRefusalException">It is not there, or the ETag differs.</exception>
    public async Task RemoveAsync(string id, string? ifMatch)
    {
        StoreChange remove;
        lock (gate)
        {
            _ = Get(id, ifMatch ?? "*");
            store.Enqueue(remove = new ConfigurationStore.Remove(id));
            configurations.TryRemove(id, out _);
        }

        await remove.Done;
    }

    private Configuration Get(string id, string ifMatch)
    {
        Configuration configuration = Get(id);
        return ETags.Matches(ifMatch, configuration.Definition.ETag) ? configuration : throw HubRefusalException.ETagMismatch();
    }

    private static bool AreEqual(byte[] one, byte[] other)
    {
        using JsonDocument left = JsonDocument.Parse(one);
        using JsonDocument right = JsonDocument.Parse(other);
        return JsonElement.DeepEquals(left.RootElement, right.RootElement);
    }
}
