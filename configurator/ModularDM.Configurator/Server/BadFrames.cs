using System.Text.Json;

namespace ModularDM.Configurator.Server;

/// <summary>Finds out what a frame that cannot be used would have been about.</summary>
internal static class BadFrames
{
    /// <summary>The frame's id if it can be read, 0 otherwise.</summary>
    public static long IdIn(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = 16 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("id"u8))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long id) && id > 0 ? id : 0;
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON from some point on: there is no id to be found.
        }

        return 0;
    }
}
