using System.Runtime.InteropServices;
using System.Text.Json;

namespace ModularDM.Hub.Protocol;

/// <summary>
/// Finds members of an object by name. <see cref="JsonElement"/> searches from its end each time, which is fastest for the small objects of most twins and
/// quadratic for a large one, so that a large one is indexed once.
/// </summary>
internal readonly struct JsonMembers
{
    private const int IndexFrom = 48;
    private readonly JsonElement element;
    private readonly Dictionary<string, JsonElement>? index;

    public JsonMembers(JsonElement element)
    {
        this.element = element;
        int count = element.GetPropertyCount();
        if (count < IndexFrom)
        {
            return;
        }

        index = new Dictionary<string, JsonElement>(count, StringComparer.Ordinal);
        foreach (JsonProperty member in element.EnumerateObject())
        {
            index[member.Name] = member.Value;
        }
    }

    public bool TryGet(JsonProperty like, out JsonElement value)
    {
        if (index is not null)
        {
            return index.TryGetValue(like.Name, out value);
        }

        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(like);
        return raw.Contains((byte)'\\') ? element.TryGetProperty(like.Name, out value) : element.TryGetProperty(raw, out value);
    }
}
