using System.Text.Json;

namespace ModularDM.Hosting.Hub;

/// <summary>The twin's properties as a device sees them.</summary>
/// <param name="Desired">The desired object, UTF-8 JSON, <c>$version</c> included.</param>
/// <param name="Reported">The reported object, UTF-8 JSON, <c>$version</c> included.</param>
/// <param name="DesiredVersion">The desired <c>$version</c>.</param>
/// <param name="ReportedVersion">The reported <c>$version</c>.</param>
public sealed record HubTwin(ReadOnlyMemory<byte> Desired, ReadOnlyMemory<byte> Reported, long DesiredVersion, long ReportedVersion)
{
    /// <summary>Reads the answer to a twin GET: <c>{"desired":{...},"reported":{...}}</c> (IoT Hub wire specification, 3.2).</summary>
    /// <exception cref="HubException">It is not of that form.</exception>
    public static HubTwin Parse(ReadOnlyMemory<byte> utf8Json)
    {
        ReadOnlyMemory<byte> desired = default, reported = default;
        try
        {
            var reader = new Utf8JsonReader(utf8Json.Span);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isDesired = reader.ValueTextEquals("desired"u8), isReported = reader.ValueTextEquals("reported"u8);
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                ReadOnlyMemory<byte> slice = utf8Json[start..(int)reader.BytesConsumed];
                desired = isDesired ? slice : desired;
                reported = isReported ? slice : reported;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new HubException(HubFailure.BadAnswer, "The hub's twin is not JSON.", e);
        }

        return new HubTwin(
            desired.IsEmpty ? throw new HubException(HubFailure.BadAnswer, "The hub's twin has no desired properties.") : desired,
            reported.IsEmpty ? throw new HubException(HubFailure.BadAnswer, "The hub's twin has no reported properties.") : reported,
            VersionOf(desired.Span),
            VersionOf(reported.Span));
    }

    /// <summary>The <c>$version</c> of a desired or reported object or patch; 0 when it has none.</summary>
    public static long VersionOf(ReadOnlySpan<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isVersion = reader.ValueTextEquals("$version"u8);
            reader.Read();
            if (isVersion && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long version))
            {
                return version;
            }

            reader.Skip();
        }

        return 0;
    }
}
