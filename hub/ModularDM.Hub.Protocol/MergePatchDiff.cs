using System.Runtime.InteropServices;
using System.Text.Json;

namespace ModularDM.Hub.Protocol;

/// <summary>
/// One run of <see cref="MergePatch.Diff(JsonElement, JsonElement, Utf8JsonWriter)"/>. Objects on the way down are opened only when the first difference
/// below them is found, so that each document is walked once and equal parts leave no trace.
/// </summary>
internal sealed class MergePatchDiff(Utf8JsonWriter writer)
{
    private readonly List<JsonProperty> path = [];
    private int opened;
    private bool rootOpened;

    public bool Write(JsonElement from, JsonElement to)
    {
        Walk(from, to);
        if (rootOpened)
        {
            writer.WriteEndObject();
        }

        return rootOpened;
    }

    public static bool AreEqual(JsonElement a, JsonElement b) =>
        JsonMarshal.GetRawUtf8Value(a).SequenceEqual(JsonMarshal.GetRawUtf8Value(b)) || JsonElement.DeepEquals(a, b);

    private void Walk(JsonElement from, JsonElement to)
    {
        if (JsonMarshal.GetRawUtf8Value(from).SequenceEqual(JsonMarshal.GetRawUtf8Value(to)))
        {
            return;
        }

        var before = new JsonMembers(from);
        foreach (JsonProperty wanted in to.EnumerateObject())
        {
            if (!before.TryGet(wanted, out JsonElement current))
            {
                if (wanted.Value.ValueKind != JsonValueKind.Null)
                {
                    Open();
                    MergePatch.WriteName(wanted, writer);
                    wanted.Value.WriteTo(writer);
                }
            }
            else if (current.ValueKind == JsonValueKind.Object && wanted.Value.ValueKind == JsonValueKind.Object)
            {
                path.Add(wanted);
                Walk(current, wanted.Value);
                Close();
            }
            else if (!AreEqual(current, wanted.Value))
            {
                Open();
                MergePatch.WriteName(wanted, writer);
                wanted.Value.WriteTo(writer);
            }
        }

        var after = new JsonMembers(to);
        foreach (JsonProperty gone in from.EnumerateObject())
        {
            if (!after.TryGet(gone, out _))
            {
                Open();
                MergePatch.WriteName(gone, writer);
                writer.WriteNullValue();
            }
        }
    }

    private void Open()
    {
        if (!rootOpened)
        {
            writer.WriteStartObject();
            rootOpened = true;
        }

        for (; opened < path.Count; opened++)
        {
            MergePatch.WriteName(path[opened], writer);
            writer.WriteStartObject();
        }
    }

    private void Close()
    {
        if (opened == path.Count)
        {
            writer.WriteEndObject();
            opened--;
        }

        path.RemoveAt(path.Count - 1);
    }
}
