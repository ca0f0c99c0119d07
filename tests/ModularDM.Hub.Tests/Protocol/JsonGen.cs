using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace ModularDM.Hub.Tests.Protocol;

/// <summary>Makes JSON objects without null members, of few names, so that two of them often overlap.</summary>
internal static class JsonGen
{
    private static readonly Gen<string> Key = Pick("a", "b", "c", "dd", "é", "q\"uote", "new\nline", "\\");

    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.Int[-3, 3].Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Pick("1.5", "1.0", "10e-1", "true", "false"),
        Pick("", "x", "ü", "\u0001", "</script>", "😀").Select(s => JsonSerializer.Serialize(s)));

    public static Gen<string> Document { get; } = Object(4);

    private static Gen<string> Pick(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    public static bool AreEqual(string a, string b)
    {
        using JsonDocument left = JsonDocument.Parse(a);
        using JsonDocument right = JsonDocument.Parse(b);
        return JsonElement.DeepEquals(left.RootElement, right.RootElement);
    }

    public static string Reversed(string json) => Reverse(JsonNode.Parse(json))!.ToJsonString();

    private static JsonNode? Reverse(JsonNode? node) => node is JsonObject o
        ? new JsonObject(o.Reverse().Select(m => KeyValuePair.Create(m.Key, Reverse(m.Value))))
        : node?.DeepClone();

    private static Gen<string> Value(int depth) => depth == 0
        ? Leaf
        : Gen.Frequency((3, Leaf), (3, Object(depth - 1)), (1, Value(depth - 1).Array[0, 3].Select(items => "[" + string.Join(',', items) + "]")));

    private static Gen<string> Object(int depth) => Gen.Select(Key, Value(depth == 0 ? 0 : depth - 1)).Array[0, 5].Select(members =>
        "{" + string.Join(',', members.DistinctBy(m => m.Item1).Select(m => JsonSerializer.Serialize(m.Item1) + ":" + m.Item2)) + "}");
}
