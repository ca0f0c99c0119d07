using System.Text.Json;

namespace ModularDM.Hosting.Twin;

/// <summary>Lists the members a section's patch touches, as <c>schedule.start</c>.</summary>
internal static class ChangedPaths
{
    /// <summary>Beyond this many the list would cost more than it tells; the section then counts as new.</summary>
    private const int Most = 64;

    public static IReadOnlyList<string> Of(ReadOnlyMemory<byte> sectionPatch)
    {
        var reader = new Utf8JsonReader(sectionPatch.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return [];
        }

        var paths = new List<string>();
        Collect(ref reader, "", paths);
        return paths.Count <= Most ? paths : [];
    }

    private static void Collect(ref Utf8JsonReader reader, string prefix, List<string> paths)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            string path = prefix.Length == 0 ? name : $"{prefix}.{name}";
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                Collect(ref reader, path, paths);
                continue;
            }

            reader.Skip();
            if (paths.Count <= Most)
            {
                paths.Add(path);
            }
        }
    }
}
