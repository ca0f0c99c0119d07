using System.Globalization;
using System.Text;

namespace ModularDM.Contracts.Twin;

/// <summary>
/// Turns any text (a plugin id, an SSID, a package or file name) into a key that a twin accepts, and back. IoT Hub's keys may not hold '.', '$', spaces
/// or control characters and are at most 1 KB of UTF-8 (IoT Hub wire specification, 3.8).
/// </summary>
/// <remarks>Each forbidden character, and '%' itself, becomes '%' and two upper-case hexadecimal digits for each of its UTF-8 bytes. Text without them stays as it is.</remarks>
public static class TwinKey
{
    /// <summary>The longest key in bytes of UTF-8.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Encodes <paramref name="text"/>.</summary>
    /// <exception cref="ArgumentException">It is empty, holds half a surrogate pair, or its key would be over <see cref="MaxBytes"/>.</exception>
    public static string Encode(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        var key = new StringBuilder(text.Length);
        Span<byte> utf8 = stackalloc byte[4];
        int bytes = 0;
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int used) != System.Buffers.OperationStatus.Done)
            {
                throw new ArgumentException("The text holds half a surrogate pair.", nameof(text));
            }

            int count = rune.EncodeToUtf8(utf8);
            if (IsForbidden(rune))
            {
                foreach (byte b in utf8[..count])
                {
                    key.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
                    bytes += 3;
                }
            }
            else
            {
                key.Append(rest[..used]);
                bytes += count;
            }

            rest = rest[used..];
        }

        return bytes <= MaxBytes
            ? key.ToString()
            : throw new ArgumentException($"The key for this text would be {bytes} bytes; a twin allows {MaxBytes}.", nameof(text));
    }

    /// <summary>Decodes what <see cref="Encode"/> made.</summary>
    /// <exception cref="FormatException">A '%' is not followed by two hexadecimal digits, or the bytes are not UTF-8.</exception>
    public static string Decode(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!key.Contains('%', StringComparison.Ordinal))
        {
            return key;
        }

        byte[] utf8 = new byte[Encoding.UTF8.GetMaxByteCount(key.Length)];
        int length = 0;
        for (int i = 0; i < key.Length; i++)
        {
            if (key[i] != '%')
            {
                int run = key.IndexOf('%', i) is var next and >= 0 ? next - i : key.Length - i;
                length += Encoding.UTF8.GetBytes(key, i, run, utf8, length);
                i += run - 1;
            }
            else if (i + 2 < key.Length && byte.TryParse(key.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b))
            {
                utf8[length++] = b;
                i += 2;
            }
            else
            {
                throw new FormatException($"'%' at position {i} is not followed by two hexadecimal digits.");
            }
        }

        try
        {
            return new UTF8Encoding(false, true).GetString(utf8, 0, length);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("The key's bytes are not UTF-8.", e);
        }
    }

    private static bool IsForbidden(Rune rune) => rune.Value is '.' or '$' or '%' or ' ' || Rune.IsControl(rune) || Rune.IsWhiteSpace(rune);
}
