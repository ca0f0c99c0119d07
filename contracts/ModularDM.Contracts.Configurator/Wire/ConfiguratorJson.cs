using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator.Wire;

/// <summary>The strict JSON of the wire: unknown members, duplicates, missing required members and unknown discriminators are all errors.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 16)]
[JsonSerializable(typeof(ClientFrame))]
[JsonSerializable(typeof(ServerFrame))]
[JsonSerializable(typeof(ConfiguratorRequest))]
[JsonSerializable(typeof(ConfiguratorResponse))]
public sealed partial class ConfiguratorJson : JsonSerializerContext
{
    /// <summary>Reads a frame's payload that the host sent.</summary>
    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.BadFrame"/>, whatever is wrong with it.</exception>
    public static ClientFrame ParseClientFrame(ReadOnlySpan<byte> payload) => Parse(payload, Default.ClientFrame);

    /// <summary>Reads a frame's payload that the configurator sent.</summary>
    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.BadFrame"/>, whatever is wrong with it.</exception>
    public static ServerFrame ParseServerFrame(ReadOnlySpan<byte> payload) => Parse(payload, Default.ServerFrame);

    private static T Parse<T>(ReadOnlySpan<byte> payload, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> typeInfo)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(payload, typeInfo) ?? throw ConfiguratorException.BadFrame("The frame is null.");
        }
        catch (JsonException e)
        {
            throw ConfiguratorException.BadFrame($"The frame is not acceptable at {e.Path ?? "$"}: {FirstSentence(e.Message)}", e);
        }
        catch (NotSupportedException e)
        {
            // A missing or late discriminator of an abstract record arrives as this, not as a JsonException.
            throw ConfiguratorException.BadFrame($"The frame names no known kind: {FirstSentence(e.Message)}", e);
        }
    }

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
