using System.Security.Cryptography;

namespace ModularDM.Hosting.Twin;

/// <summary>Tells a section's value from others in few bytes. Made when it is first asked for: the record on disk wants it a while after a patch, when nobody waits.</summary>
internal sealed class ValueHash
{
    private readonly ReadOnlyMemory<byte> _value;
    private string? _text;

    public ValueHash(ReadOnlyMemory<byte> value) => _value = value;

    /// <summary>The hash of a value that an earlier run had.</summary>
    public ValueHash(string text) => _text = text;

    public string Text => _text ??= Of(_value);

    public static string Of(ReadOnlyMemory<byte> value) => Convert.ToHexStringLower(SHA256.HashData(value.Span).AsSpan(0, 16));
}
