using System.Globalization;
using System.Text;
using System.Text.Json;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Testing;

/// <summary>IoT Hub's rules for what may stand in a twin, for a section that is to be reported.</summary>
public static class TwinRules
{
    /// <summary>The largest reported document, counted as the hub counts it. One section should stay far below.</summary>
    public const int MaxBytes = 32 * 1024;

    /// <summary>The longest string value, in bytes of UTF-8.</summary>
    public const int MaxStringBytes = 4 * 1024;

    /// <summary>How deep objects and arrays may nest below the section.</summary>
    public const int MaxDepth = 10;

    private const long MinInteger = -4503599627370496;
    private const long MaxInteger = 4503599627370495;

    /// <summary>Finds everything in <paramref name="section"/> that the hub would refuse.</summary>
    public static IReadOnlyList<SectionError> Check(JsonElement section)
    {
        var errors = new List<SectionError>();
        if (section.ValueKind != JsonValueKind.Object)
        {
            return [Error("", "a section is an object")];
        }

        int size = Walk(section, "", 0, errors);
        if (size > MaxBytes)
        {
            errors.Add(Error("", $"{size} bytes, over the hub's {MaxBytes}"));
        }

        if (section.TryGetProperty("lastChange", out _))
        {
            errors.Add(Error("lastChange", "written by the runtime, not by a plugin"));
        }

        return errors;
    }

    private static int Walk(JsonElement json, string path, int depth, List<SectionError> errors)
    {
        if (depth > MaxDepth)
        {
            errors.Add(Error(path, $"nested deeper than {MaxDepth}"));
            return 0;
        }

        return json.ValueKind switch
        {
            JsonValueKind.Object => json.EnumerateObject().Sum(member => WalkMember(member, path, depth, errors)),
            JsonValueKind.Array => json.EnumerateArray().Select((item, i) => WalkItem(item, $"{path}[{i}]", depth, errors)).Sum(),
            JsonValueKind.String => CheckString(json.GetString()!, path, errors),
            JsonValueKind.Number => CheckNumber(json, path, errors),
            _ => 4,
        };
    }

    private static int WalkMember(JsonProperty member, string path, int depth, List<SectionError> errors)
    {
        string memberPath = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
        int bytes = Encoding.UTF8.GetByteCount(member.Name);
        if (bytes is 0 or > TwinKey.MaxBytes)
        {
            errors.Add(Error(memberPath, $"a key of {bytes} bytes; allowed are 1 to {TwinKey.MaxBytes}"));
        }

        if (member.Name.Any(c => c is '.' or '$' or ' ' || char.IsControl(c)))
        {
            errors.Add(Error(memberPath, "a key may not hold '.', '$', spaces or control characters; use TwinKey.Encode"));
        }

        return bytes + Walk(member.Value, memberPath, depth + 1, errors);
    }

    private static int WalkItem(JsonElement item, string path, int depth, List<SectionError> errors)
    {
        if (item.ValueKind == JsonValueKind.Null)
        {
            errors.Add(Error(path, "an array may not hold null"));
        }

        return Walk(item, path, depth + 1, errors);
    }

    private static int CheckString(string value, string path, List<SectionError> errors)
    {
        int bytes = Encoding.UTF8.GetByteCount(value.Where(c => !char.IsControl(c)).ToArray());
        if (bytes > MaxStringBytes)
        {
            errors.Add(Error(path, $"a string of {bytes} bytes; allowed are {MaxStringBytes}"));
        }

        return bytes;
    }

    private static int CheckNumber(JsonElement json, string path, List<SectionError> errors)
    {
        bool isInteger = !json.GetRawText().AsSpan().ContainsAny('.', 'e', 'E');
        if (isInteger && !(json.TryGetInt64(out long value) && value is >= MinInteger and <= MaxInteger))
        {
            errors.Add(Error(path, string.Create(CultureInfo.InvariantCulture, $"an integer outside {MinInteger} to {MaxInteger}")));
        }

        return 8;
    }

    private static SectionError Error(string path, string message) => new(path, message, ErrorCodes.ReportTooLarge);
}
