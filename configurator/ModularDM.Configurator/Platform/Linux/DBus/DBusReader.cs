using System.Runtime.InteropServices;

namespace ModularDM.Configurator.Platform.Linux.DBus;

/// <summary>Reads an answer in the order it was written. What is not of the expected type, or is larger than it may be, is an error and not a guess.</summary>
/// <remarks>Root reads what other services say: lengths and counts have bounds, so that a faulty or hostile service costs one failed call.</remarks>
internal sealed unsafe class DBusReader(MessageHandle message, string call)
{
    public const int MaxString = 16 * 1024;
    public const int MaxItems = 1024;

    public string String(int maxBytes = MaxString) => Text((byte)'s', maxBytes);

    public string ObjectPath() => Text((byte)'o', 1024);

    public bool Bool()
    {
        int value;
        Require(SdBus.ReadBasic(message, (byte)'b', &value));
        return value != 0;
    }

    public uint UInt32()
    {
        uint value;
        Require(SdBus.ReadBasic(message, (byte)'u', &value));
        return value;
    }

    public ulong UInt64()
    {
        ulong value;
        Require(SdBus.ReadBasic(message, (byte)'t', &value));
        return value;
    }

    /// <summary>Reads what is inside a variant of type <paramref name="signature"/>.</summary>
    public T Variant<T>(string signature, Func<DBusReader, T> read) => Inside((byte)'v', signature, read);

    /// <summary>Reads what is inside a struct, outside of an array.</summary>
    public T Struct<T>(string signature, Func<DBusReader, T> read) => Inside((byte)'r', signature, read);

    public List<string> Strings() => Array("s", reader => reader.String());

    public List<T> Structs<T>(string signature, Func<DBusReader, T> read) => Array($"({signature})", reader => reader.Struct(signature, read));

    private List<T> Array<T>(string signature, Func<DBusReader, T> read)
    {
        Require(SdBus.EnterContainer(message, (byte)'a', signature));
        var items = new List<T>();
        while (AtEnd() == 0)
        {
            if (items.Count == MaxItems)
            {
                throw DBusErrors.BadAnswer($"{call} (more than {MaxItems} items)");
            }

            items.Add(read(this));
        }

        Require(SdBus.ExitContainer(message));
        return items;
    }

    private T Inside<T>(byte kind, string signature, Func<DBusReader, T> read)
    {
        Require(SdBus.EnterContainer(message, kind, signature));
        T value = read(this);
        Require(SdBus.ExitContainer(message));
        return value;
    }

    private string Text(byte type, int maxBytes)
    {
        byte* text;
        Require(SdBus.ReadBasic(message, type, &text));
        ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        return bytes.Length <= maxBytes
            ? System.Text.Encoding.UTF8.GetString(bytes)
            : throw DBusErrors.BadAnswer($"{call} (a text of {bytes.Length} bytes, {maxBytes} are accepted)");
    }

    private int AtEnd()
    {
        int end = SdBus.AtEnd(message, 0);
        return end >= 0 ? end : throw DBusErrors.BadAnswer(call);
    }

    private void Require(int result)
    {
        // Zero means that nothing is left to read.
        if (result <= 0)
        {
            throw DBusErrors.BadAnswer(call);
        }
    }
}
