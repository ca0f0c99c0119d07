using System.Text.Json;
using ModularDM.Contracts.Twin;

namespace ModularDM.Benchmarks.Micro;

/// <summary>A twin as full as the hub allows: 25 sections of five vendors, 32 KB.</summary>
internal static class SampleTwin
{
    private const int Vendors = 5, SectionsOfEach = 5, Members = 18;

    public static IReadOnlyList<SectionName> Names { get; } =
        [.. from vendor in Enumerable.Range(0, Vendors) from section in Enumerable.Range(0, SectionsOfEach) select new SectionName($"vendor{vendor}", $"section{section}")];

    public static byte[] Desired { get; } = Write(json =>
    {
        foreach (IGrouping<string, SectionName> vendor in Names.GroupBy(name => name.Vendor))
        {
            json.WriteStartObject(vendor.Key);
            foreach (SectionName name in vendor)
            {
                json.WritePropertyName(name.Section);
                json.WriteRawValue(Section(0));
            }

            json.WriteEndObject();
        }

        json.WriteNumber("$version", 1);
    });

    /// <summary>Two members each of two sections.</summary>
    public static byte[] Patch { get; } =
        """{"vendor1":{"section2":{"member3":"another value","limits":{"low":-3}}},"vendor4":{"section0":{"member7":"another value","limits":{"high":77}}},"$version":2}"""u8.ToArray();

    /// <summary>One section; two with different seeds differ in three members.</summary>
    public static byte[] Section(int seed) => Write(json =>
    {
        for (int i = 0; i < Members; i++)
        {
            json.WriteString($"member{i}", i == 3 ? $"A value that changes: {seed}" : $"A setting's value of usual length, number {i}");
        }

        json.WriteNumber("interval", 300 + seed);
        json.WriteBoolean("enabled", true);
        json.WriteStartObject("limits");
        json.WriteNumber("low", -20);
        json.WriteNumber("high", 85 + seed);
        json.WriteEndObject();
        json.WriteStartArray("servers");
        json.WriteStringValue("time.example.com");
        json.WriteStringValue("time.example.net");
        json.WriteEndArray();
    });

    private static byte[] Write(Action<Utf8JsonWriter> body)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            body(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

}
