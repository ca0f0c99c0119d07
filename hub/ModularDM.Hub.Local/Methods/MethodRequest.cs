using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Methods;

/// <summary>A direct method as a service asks for it.</summary>
/// <param name="Name">The method.</param>
/// <param name="Payload">Its JSON; empty when the service sent none, which differs from <c>null</c>.</param>
/// <param name="ConnectTimeout">How long to wait for the device.</param>
/// <param name="ResponseTimeout">How long to wait for its answer.</param>
internal sealed record MethodRequest(string Name, byte[] Payload, TimeSpan ConnectTimeout, TimeSpan ResponseTimeout)
{
    /// <exception cref="HubRefusalException">The body is not a method request.</exception>
    public static MethodRequest Parse(ReadOnlyMemory<byte> body)
    {
        using JsonDocument document = HubJson.Parse(body);
        JsonElement json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("methodName"u8, out JsonElement name) || name.ValueKind != JsonValueKind.String)
        {
            throw HubRefusalException.Invalid("The body needs a 'methodName'.");
        }

        string method = name.GetString()!;
        if (!MethodInvoker.IsValidName(method))
        {
            throw HubRefusalException.Invalid("'methodName' is empty, too long, or holds a character that a method name may not.");
        }

        byte[] payload = json.TryGetProperty("payload"u8, out JsonElement value) ? JsonMarshal.GetRawUtf8Value(value).ToArray() : [];
        if (payload.Length > MethodInvoker.MaxPayloadBytes)
        {
            throw new HubRefusalException(HubChoices.MethodTooLarge, $"The payload is {payload.Length} bytes long; at most {MethodInvoker.MaxPayloadBytes}.");
        }

        return new MethodRequest(method, payload, Seconds(json, "connectTimeoutInSeconds", 0, 0), Seconds(json, "responseTimeoutInSeconds", 5, 30));
    }

    private static TimeSpan Seconds(JsonElement json, string member, int least, int otherwise)
    {
        const int most = 300;
        if (!json.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return TimeSpan.FromSeconds(otherwise);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int seconds) && seconds >= least && seconds <= most
            ? TimeSpan.FromSeconds(seconds)
            : throw HubRefusalException.Invalid($"'{member}' must be a whole number from {least} to {most}.");
    }
}
