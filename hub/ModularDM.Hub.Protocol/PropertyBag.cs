using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ModularDM.Hub.Protocol;

/// <summary>The properties of a message at the end of its topic: <c>name=value&amp;name=value</c>, percent-encoded; a name without '=' has no value.</summary>
public static class PropertyBag
{
    /// <summary>The names by which a bag carries system properties.</summary>
    public static class SystemNames
    {
        /// <summary>The message id.</summary>
        public const string MessageId = "$.mid";

        /// <summary>The id of the message that this one answers.</summary>
        public const string CorrelationId = "$.cid";

        /// <summary>The user id.</summary>
        public const string UserId = "$.uid";

        /// <summary>The MIME type of the body.</summary>
        public const string ContentType = "$.ct";

        /// <summary>The encoding of the body's text.</summary>
        public const string ContentEncoding = "$.ce";

        /// <summary>When the sender made the message.</summary>
        public const string CreationTime = "$.ctime";
    }

    /// <summary>Writes a bag; none for none.</summary>
    public static string Format(IEnumerable<KeyValuePair<string, string?>>? properties)
    {
        if (properties is null)
        {
            return "";
        }

        var bag = new StringBuilder();
        foreach ((string name, string? value) in properties)
        {
            bag.Append(bag.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name));
            if (value is not null)
            {
                bag.Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return bag.ToString();
    }

    /// <summary>Reads a bag. A name that comes twice keeps its last value; an empty name is refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> bag, [NotNullWhen(true)] out IReadOnlyDictionary<string, string?>? properties)
    {
        var read = new Dictionary<string, string?>(StringComparer.Ordinal);
        properties = null;
        if (!bag.IsEmpty)
        {
            foreach (Range part in bag.Split('&'))
            {
                ReadOnlySpan<char> field = bag[part];
                int equals = field.IndexOf('=');
                ReadOnlySpan<char> name = equals < 0 ? field : field[..equals];
                if (name.IsEmpty)
                {
                    return false;
                }

                read[Uri.UnescapeDataString(name)] = equals < 0 ? null : Uri.UnescapeDataString(field[(equals + 1)..]);
            }
        }

        properties = read;
        return true;
    }
}
