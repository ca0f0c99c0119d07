using System.Text.Json;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.DeviceInfo;

/// <summary>What hostname1 says about the machine; empty where it is not there or is too old to describe itself.</summary>
internal sealed class HostFacts
{
    private readonly Dictionary<string, string> _facts = new(StringComparer.Ordinal);

    public string? this[string name] => _facts.GetValueOrDefault(name);

    public static HostFacts Read(OperationContext context)
    {
        var facts = new HostFacts();
        try
        {
            using SystemBus bus = SystemBus.Open(context);
            facts.Add(bus.Call(DBusObject.HostName, "Describe", null, reader => reader.String()));
        }
        catch (ConfiguratorException e) when (e.Code is not (ConfiguratorErrorCode.Timeout or ConfiguratorErrorCode.Revoked))
        {
            // The failed step stands in the operation's timing; the files of the kernel and the distribution fill in.
        }

        return facts;
    }

    internal void Add(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is { Length: > 0 } value)
                {
                    _facts[member.Name] = value;
                }
            }
        }
        catch (JsonException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, "hostname1 describes itself in something other than JSON.", e.Message), e);
        }
    }
}
