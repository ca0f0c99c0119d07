using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ModularDM.Hub.Protocol;

/// <summary>What a twin may hold. The hub refuses a whole operation that breaks one of these with 400004 ArgumentInvalid.</summary>
public static class TwinLimits
{
    /// <summary>The largest desired section, as <see cref="Measure"/> counts.</summary>
    public const int DesiredBytes = 32 * 1024;

    /// <summary>The largest reported section, as <see cref="Measure"/> counts.</summary>
    public const int ReportedBytes = 32 * 1024;

    /// <summary>The largest tags section, as <see cref="Measure"/> counts.</summary>
    public const int TagsBytes = 8 * 1024;

    /// <summary>The longest key in bytes of UTF-8.</summary>
    public const int KeyBytes = 1024;

    /// <summary>The longest string value in bytes of UTF-8.</summary>
    public const int ValueBytes = 4 * 1024;

    /// <summary>How many objects or arrays may be nested under the section itself.</summary>
    public const int Depth = 10;

    /// <summary>The smallest integer.</summary>
    public const long MinInteger = -4503599627370496;

    /// <summary>The largest integer.</summary>
    public const long MaxInteger = 4503599627370495;

    /// <summary>Every limit that <paramref name="properties"/> breaks; none when a hub would take it.</summary>
    /// <param name="properties">A section: the value of <c>desired</c>, <c>reported</c> or <c>tags</c>, or a patch of one.</param>
    /// <param name="maxBytes">The limit of its size, such as <see cref="ReportedBytes"/>.</param>
    public static IReadOnlyList<TwinLimitViolation> Check(JsonElement properties, int maxBytes) => Check(properties, maxBytes, "", 0);

    /// <summary>As <see cref="Check(JsonElement, int)"/>, for a part that stands deeper in a section.</summary>
    /// <param name="properties">The part, an object.</param>
    /// <param name="maxBytes">The limit of its size.</param>
    /// <param name="path">Where it stands, such as <c>windows.timeInfo</c>.</param>
    /// <param name="depth">How many objects of the section it stands in.</param>
    public static IReadOnlyList<TwinLimitViolation> Check(JsonElement properties, int maxBytes, string path, int depth)
    {
        var violations = new List<TwinLimitViolation>();
        if (properties.ValueKind != JsonValueKind.Object)
        {
            violations.Add(new TwinLimitViolation(path, $"The section is {Describe(properties.ValueKind)}.", "It must be a JSON object."));
            return violations;
        }

        int size = Measure(properties);
        if (size > maxBytes)
        {
            violations.Add(new TwinLimitViolation(path, Text($"The section measures {size} bytes."), Text($"At most {maxBytes} bytes.")));
        }

        CheckObject(properties, path, depth, violations);
        return violations;
    }

    /// <summary>
    /// The size of a section as the hub counts it: the UTF-8 length of all keys and of all strings without control characters, 8 for a number, 4 for a
    /// boolean; <c>$version</c> and <c>$metadata</c> of the section itself are left out.
    /// </summary>
    /// <param name="properties">A section, or a part of one.</param>
    public static int Measure(JsonElement properties)
    {
        int size = 0;
        switch (properties.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in properties.EnumerateObject())
                {
                    if (!IsBookkeeping(member))
                    {
                        size += MeasureMember(member);
                    }
                }

                return size;
            default:
                return MeasureValue(properties);
        }
    }

    private static int MeasureMember(JsonProperty member) =>
        NameSize(member) + MeasureValue(member.Value);

    private static int MeasureValue(JsonElement value)
    {
        int size = 0;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    size += MeasureMember(member);
                }

                return size;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    size += MeasureValue(item);
                }

                return size;
            case JsonValueKind.String:
                return StringSize(value);
            case JsonValueKind.Number:
                return 8;
            case JsonValueKind.True:
            case JsonValueKind.False:
                return 4;
            default:
                return 0;
        }
    }

    private static void CheckObject(JsonElement value, string path, int depth, List<TwinLimitViolation> violations)
    {
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (depth == 0 && IsBookkeeping(member))
            {
                continue;
            }

            string memberPath = path.Length == 0 ? member.Name : path + "." + member.Name;
            CheckKey(member.Name, memberPath, violations);
            CheckValue(member.Value, memberPath, depth, inArray: false, violations);
        }
    }

    private static void CheckKey(string key, string path, List<TwinLimitViolation> violations)
    {
        int bytes = Encoding.UTF8.GetByteCount(key);
        if (bytes > KeyBytes)
        {
            violations.Add(new TwinLimitViolation(path, Text($"The key is {bytes} bytes long."), Text($"At most {KeyBytes} bytes of UTF-8.")));
        }

        if (key.Length == 0)
        {
            violations.Add(new TwinLimitViolation(path, "The key is empty.", "At least one character."));
        }

        foreach (char c in key)
        {
            if (c is '.' or '$' or ' ' || char.IsControl(c))
            {
                string shown = c switch { ' ' => "a space", _ when char.IsControl(c) => Text($"the control character U+{(int)c:X4}"), _ => $"'{c}'" };
                violations.Add(new TwinLimitViolation(path, $"The key holds {shown}.", "Keys hold no '.', '$', space or control character."));
                break;
            }
        }
    }

    private static void CheckValue(JsonElement value, string path, int depth, bool inArray, List<TwinLimitViolation> violations)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object or JsonValueKind.Array when depth >= Depth:
                violations.Add(new TwinLimitViolation(path, Text($"The value is nested {depth + 1} levels deep."), Text($"At most {Depth} levels.")));
                break;
            case JsonValueKind.Object:
                CheckObject(value, path, depth + 1, violations);
                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    CheckValue(item, Text($"{path}[{index++}]"), depth + 1, inArray: true, violations);
                }

                break;
            case JsonValueKind.String when StringSize(value) is var bytes and > ValueBytes:
                violations.Add(new TwinLimitViolation(path, Text($"The value is {bytes} bytes long."), Text($"At most {ValueBytes} bytes of UTF-8.")));
                break;
            case JsonValueKind.Number when IsIntegerOutOfRange(value):
                violations.Add(new TwinLimitViolation(path, $"The integer {value.GetRawText()} is out of range.", Text($"From {MinInteger} to {MaxInteger}.")));
                break;
            case JsonValueKind.Null when inArray:
                violations.Add(new TwinLimitViolation(path, "The array holds null.", "Arrays hold no null."));
                break;
        }
    }

    private static bool IsIntegerOutOfRange(JsonElement number)
    {
        ReadOnlySpan<byte> text = JsonMarshal.GetRawUtf8Value(number);
        return text.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 && !(number.TryGetInt64(out long integer) && integer is >= MinInteger and <= MaxInteger);
    }

    private static bool IsBookkeeping(JsonProperty member) => member.NameEquals("$version"u8) || member.NameEquals("$metadata"u8);

    private static int StringSize(JsonElement value)
    {
        ReadOnlySpan<byte> quoted = JsonMarshal.GetRawUtf8Value(value);
        ReadOnlySpan<byte> raw = quoted[1..^1];
        return raw.IndexOfAny((byte)'\\', (byte)0x7F, (byte)0xC2) < 0 ? raw.Length : CountText(value.GetString()!);
    }

    private static int NameSize(JsonProperty member)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(member);
        return raw.IndexOfAny((byte)'\\', (byte)0x7F, (byte)0xC2) < 0 ? raw.Length : CountText(member.Name);
    }

    // C1 controls are U+0080 to U+009F, in UTF-8 C2 80 to C2 9F: text without a C2 byte, escape or DEL needs no second look.
    private static int CountText(string text)
    {
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += Rune.IsControl(rune) ? 0 : rune.Utf8SequenceLength;
        }

        return bytes;
    }

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Undefined => "missing",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
