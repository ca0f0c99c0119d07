using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

/// <summary>Reaches into a document by a dotted path; null where it ends early.</summary>
internal static class JsonPath
{
    public static JsonNode? At(this JsonNode? node, string path)
    {
        foreach (string step in path.Split('.'))
        {
            node = (node as JsonObject)?[step];
        }

        return node;
    }

    public static string? TextAt(this JsonNode? node, string path) => node.At(path)?.ToString();
}
