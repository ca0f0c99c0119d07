using System.Reflection.Metadata;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>
/// Decodes an attribute's value (ECMA-335, II.23.3) as far as the contract's attributes go: one string in the constructor; strings, numbers, booleans and lists of strings by name.
/// </summary>
internal static class AttributeReader
{
    private const ushort Prolog = 1;
    private const byte Property = 0x54, BooleanType = 0x02, Int32Type = 0x08, StringType = 0x0E, ListType = 0x1D;

    /// <summary>The constructor's string and the named values.</summary>
    /// <exception cref="BadImageFormatException">The value is of a form that these attributes do not have.</exception>
    public static (string? First, IReadOnlyDictionary<string, object?> Named) Read(BlobReader value)
    {
        if (value.ReadUInt16() != Prolog)
        {
            throw new BadImageFormatException("An attribute's value does not begin as it should.");
        }

        string? first = value.ReadSerializedString();
        int count = value.ReadUInt16();
        var named = new Dictionary<string, object?>(count, StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            if (value.ReadByte() != Property)
            {
                throw new BadImageFormatException("An attribute sets something that is not a property.");
            }

            byte type = value.ReadByte();
            if (type == ListType && value.ReadByte() != StringType)
            {
                throw Unexpected(type);
            }

            string name = value.ReadSerializedString() ?? "";
            named[name] = type switch
            {
                StringType => value.ReadSerializedString(),
                Int32Type => value.ReadInt32(),
                BooleanType => value.ReadBoolean(),
                ListType => ReadList(ref value),
                _ => throw Unexpected(type),
            };
        }

        return (first, named);
    }

    private static string[] ReadList(ref BlobReader value)
    {
        int count = value.ReadInt32();
        if (count < 0)
        {
            return [];
        }

        // No element is shorter than a byte, so a count beyond the rest is not believed.
        if (count > value.RemainingBytes)
        {
            throw new BadImageFormatException("An attribute's list is longer than its value.");
        }

        string[] list = new string[count];
        for (int i = 0; i < count; i++)
        {
            list[i] = value.ReadSerializedString() ?? "";
        }

        return list;
    }

    private static BadImageFormatException Unexpected(byte type) => new($"An attribute's property is of type 0x{type:X2}, which this host does not know.");
}
