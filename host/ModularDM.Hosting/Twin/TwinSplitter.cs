using System.Text.Json;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// Walks a desired document or patch two levels deep, vendor and section, and hands out each section's bytes as they stand: one pass, no tree, no allocation.
/// </summary>
internal ref struct TwinSplitter
{
    private const int MaxName = 1024;
    private static readonly byte[] s_empty = "{}"u8.ToArray();
    private readonly ReadOnlyMemory<byte> _document;
    private readonly Span<char> _vendorBuffer;
    private readonly Span<char> _sectionBuffer;
    private Utf8JsonReader _reader;
    private bool _inVendor;
    private bool _isEmpty;

    /// <summary>Splits <paramref name="document"/>.</summary>
    /// <param name="document">One JSON object, UTF-8.</param>
    /// <param name="names">Room for two names of at most 1 KB, the hub's limit for a key: 2,048 characters.</param>
    public TwinSplitter(ReadOnlyMemory<byte> document, Span<char> names)
    {
        _document = document;
        _vendorBuffer = names[..MaxName];
        _sectionBuffer = names[MaxName..];
        _reader = new Utf8JsonReader(document.Span);
        if (!_reader.Read() || _reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A twin document is a JSON object.");
        }
    }

    /// <summary>The first-level name.</summary>
    public ReadOnlySpan<char> Vendor { get; private set; }

    /// <summary>The second-level name; empty when the vendor's own value is not an object, or an empty one, and <see cref="Value"/> is that value.</summary>
    public ReadOnlySpan<char> Section { get; private set; }

    /// <summary>The value's bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; private set; }

    /// <summary>The value's first token.</summary>
    public JsonTokenType Kind { get; private set; }

    /// <summary>Moves to the next section. Members that begin with '$' are skipped.</summary>
    /// <exception cref="JsonException">The document is not JSON, or a name is longer than a twin allows.</exception>
    public bool MoveNext()
    {
        while (_reader.Read())
        {
            if (_inVendor)
            {
                if (_reader.TokenType == JsonTokenType.EndObject)
                {
                    _inVendor = false;
                    if (!_isEmpty)
                    {
                        continue;
                    }

                    Section = default;
                    Value = s_empty;
                    Kind = JsonTokenType.StartObject;
                    return true;
                }

                _isEmpty = false;
                Section = ReadName(_sectionBuffer);
                ReadValue();
                return true;
            }

            if (_reader.TokenType == JsonTokenType.EndObject)
            {
                return false;
            }

            Vendor = ReadName(_vendorBuffer);
            if (Vendor is ['$', ..])
            {
                _reader.Read();
                _reader.Skip();
                continue;
            }

            _reader.Read();
            if (_reader.TokenType == JsonTokenType.StartObject)
            {
                (_inVendor, _isEmpty) = (true, true);
                continue;
            }

            Section = default;
            TakeValue();
            return true;
        }

        return false;
    }

    private ReadOnlySpan<char> ReadName(Span<char> buffer)
    {
        if (_reader.ValueSpan.Length > MaxName)
        {
            throw new JsonException($"A name of {_reader.ValueSpan.Length} bytes is over the twin's limit of {MaxName}.");
        }

        return buffer[.._reader.CopyString(buffer)];
    }

    private void ReadValue()
    {
        _reader.Read();
        TakeValue();
    }

    private void TakeValue()
    {
        Kind = _reader.TokenType;
        int start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        Value = _document[start..(int)_reader.BytesConsumed];
    }
}
