using System.Text.Json.Serialization;

namespace Contoso.Echo;

internal sealed record EchoText
{
    public required string Text { get; init; }
}

internal sealed record EchoValue
{
    public required long Value { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EchoText))]
[JsonSerializable(typeof(EchoValue))]
internal sealed partial class EchoJson : JsonSerializerContext;
