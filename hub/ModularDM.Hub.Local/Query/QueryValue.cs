using System.Text.Json;

namespace ModularDM.Hub.Local.Query;

/// <summary>The kinds of values in a query. Objects and arrays are known only as JSON: they are shown, never compared.</summary>
internal enum QueryKind
{
    Undefined,
    Null,
    Boolean,
    Number,
    Text,
    Object,
    Array,
}

/// <summary>One value in a query. <see cref="Json"/> is its text in the twin, where it came from one; so a number is shown as it was written.</summary>
internal readonly record struct QueryValue(QueryKind Kind, double Number = 0, string? Text = null, ReadOnlyMemory<byte> Json = default)
{
    public static readonly QueryValue Undefined;

    public static readonly QueryValue Null = new(QueryKind.Null);

    public static readonly QueryValue True = new(QueryKind.Boolean, 1);

    public static readonly QueryValue False = new(QueryKind.Boolean);

    public bool IsTrue => Kind == QueryKind.Boolean && Number != 0;

    public bool IsPrimitive => Kind is QueryKind.Null or QueryKind.Boolean or QueryKind.Number or QueryKind.Text;

    public static QueryValue Of(bool value) => value ? True : False;

    public static QueryValue Of(double value) => double.IsFinite(value) ? new(QueryKind.Number, value) : Undefined;

    public static QueryValue Of(string? value) => value is null ? Null : new(QueryKind.Text, Text: value);

    /// <summary>Reads the member at the end of <paramref name="names"/> without parsing more of the document than lies before it.</summary>
    public static QueryValue Read(ReadOnlyMemory<byte> document, ReadOnlySpan<byte[]> names)
    {
        var reader = new Utf8JsonReader(document.Span);
        reader.Read();
        foreach (byte[] name in names)
        {
            if (!TryEnter(ref reader, name))
            {
                return Undefined;
            }
        }

        int start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return Of(reader.GetString());
            case JsonTokenType.Number:
                return new(QueryKind.Number, reader.GetDouble(), Json: document[start..(int)reader.BytesConsumed]);
            case JsonTokenType.True or JsonTokenType.False:
                return Of(reader.GetBoolean());
            case JsonTokenType.Null:
                return Null;
            default:
                QueryKind kind = reader.TokenType == JsonTokenType.StartObject ? QueryKind.Object : QueryKind.Array;
                reader.Skip();
                return new(kind, Json: document[start..(int)reader.BytesConsumed]);
        }
    }

    /// <summary>Reads a member of a document of the hub's own, where the first name may be of any case.</summary>
    public static QueryValue ReadMember(ReadOnlyMemory<byte> document, QueryPath path)
    {
        var reader = new Utf8JsonReader(document.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.GetString()!.Equals(path.First, StringComparison.OrdinalIgnoreCase);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found)
            {
                return Read(document[start..(int)reader.BytesConsumed], path.Below);
            }
        }

        return Undefined;
    }

    /// <summary>Whether two values are one: of the same kind and equal. An object or an array equals nothing.</summary>
    public bool IsEqualTo(QueryValue other) => Kind == other.Kind && IsPrimitive && Number.Equals(other.Number) && string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <summary>The order of two numbers or two texts; <see langword="null"/> for anything else.</summary>
    public int? OrderTo(QueryValue other) => (Kind, other.Kind) switch
    {
        (QueryKind.Number, QueryKind.Number) => Number.CompareTo(other.Number),
        (QueryKind.Text, QueryKind.Text) => string.CompareOrdinal(Text, other.Text),
        _ => null,
    };

    public void Write(Utf8JsonWriter json)
    {
        switch (Kind)
        {
            case QueryKind.Boolean:
                json.WriteBooleanValue(IsTrue);
                break;
            case QueryKind.Text:
                json.WriteStringValue(Text);
                break;
            case QueryKind.Number when Json.IsEmpty:
                json.WriteNumberValue(Number);
                break;
            case QueryKind.Number or QueryKind.Object or QueryKind.Array:
                json.WriteRawValue(Json.Span, skipInputValidation: true);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    private static bool TryEnter(ref Utf8JsonReader reader, byte[] name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
