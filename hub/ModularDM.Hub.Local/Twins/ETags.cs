using System.Buffers.Binary;

namespace ModularDM.Hub.Local.Twins;

/// <summary>ETags are the base64 of a counter, quoted in headers; they are compared without quotes.</summary>
internal static class ETags
{
    public static string Format(long counter)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, counter);
        return Convert.ToBase64String(bytes);
    }

    public static bool IsAny(string ifMatch) => ifMatch.Trim().Trim('"') == "*";

    public static bool Matches(string ifMatch, long counter) => IsAny(ifMatch) || ifMatch.Trim().Trim('"') == Format(counter);
}
