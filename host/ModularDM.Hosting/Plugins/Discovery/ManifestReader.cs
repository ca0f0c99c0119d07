using System.Text;
using System.Text.Json;
using ModularDM.Contracts;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>
/// Reads a plain, correct manifest without the serializer and the patterns, whose first use costs more than reading all of a device's plugins does.
/// Anything that is not plain and correct is left to <see cref="PluginManifest.Parse"/>, which finds every error.
/// </summary>
internal static class ManifestReader
{
    public static PluginManifest? Read(ReadOnlyMemory<byte> utf8Json, ICollection<SectionError> errors) =>
        ReadPlain(utf8Json.Span) ?? PluginManifest.Parse(utf8Json, errors);

    internal static PluginManifest? ReadPlain(ReadOnlySpan<byte> utf8Json)
    {
        string? id = null, version = null, assembly = null;
        int? api = null;
        PluginActivation? activation = null;
        PluginRequests? requests = null;
        try
        {
            var reader = new Utf8JsonReader(utf8Json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool good =
                    reader.ValueTextEquals("id"u8) ? id is null && Text(ref reader, out id) && IsId(id)
                    : reader.ValueTextEquals("version"u8) ? version is null && Text(ref reader, out version) && IsVersion(version)
                    : reader.ValueTextEquals("assembly"u8) ? assembly is null && Text(ref reader, out assembly) && IsAssembly(assembly)
                    : reader.ValueTextEquals("api"u8) ? api is null && Number(ref reader, out api)
                    : reader.ValueTextEquals("activation"u8) ? activation is null && Activation(ref reader, out activation)
                    : reader.ValueTextEquals("requests"u8) && requests is null && Requests(ref reader, out requests);
                if (!good)
                {
                    return null;
                }
            }

            if (reader.Read() || id is null || version is null || assembly is null || api is null)
            {
                return null;
            }
        }
        catch (JsonException)
        {
            // The full parser says where.
            return null;
        }

        return new PluginManifest
        {
            Id = id, Version = version, Assembly = assembly, Api = api.Value, Activation = activation ?? PluginActivation.OnDemand, Requests = requests ?? new(),
        };
    }

    private static bool Text(ref Utf8JsonReader reader, out string? text)
    {
        text = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || !System.Text.Ascii.IsValid(reader.ValueSpan))
        {
            return false;
        }

        text = Encoding.ASCII.GetString(reader.ValueSpan);
        return true;
    }

    private static bool Number(ref Utf8JsonReader reader, out int? number)
    {
        number = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value) ? value : null;
        return number is not null;
    }

    private static bool Activation(ref Utf8JsonReader reader, out PluginActivation? activation)
    {
        activation = !reader.Read() || reader.TokenType != JsonTokenType.String ? null
            : reader.ValueTextEquals("onDemand"u8) ? PluginActivation.OnDemand
            : reader.ValueTextEquals("startup"u8) ? PluginActivation.Startup : null;
        return activation is not null;
    }

    private static bool Requests(ref Utf8JsonReader reader, out PluginRequests? requests)
    {
        requests = null;
        List<string>? configurator = null, attributes = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!(reader.ValueTextEquals("configurator"u8) ? configurator is null && Texts(ref reader, out configurator)
                : reader.ValueTextEquals("attributes"u8) && attributes is null && Texts(ref reader, out attributes)))
            {
                return false;
            }
        }

        requests = new PluginRequests { Configurator = configurator ?? [], Attributes = attributes ?? [] };
        return reader.TokenType == JsonTokenType.EndObject;
    }

    private static bool Texts(ref Utf8JsonReader reader, out List<string>? texts)
    {
        texts = [];
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (Text(ref reader, out string? text))
        {
            texts.Add(text!);
        }

        return reader.TokenType == JsonTokenType.EndArray;
    }

    private static bool IsId(string? id)
    {
        int dot = id!.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && IsIdPart(id.AsSpan(0, dot)) && IsIdPart(id.AsSpan(dot + 1));
    }

    private static bool IsIdPart(ReadOnlySpan<char> part)
    {
        if (part.Length is 0 or > 63 || !char.IsAsciiLetterLower(part[0]))
        {
            return false;
        }

        foreach (char c in part)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return true;
    }

    // Three numbers and nothing after them; a suffix goes the long way.
    private static bool IsVersion(string? version)
    {
        int dots = 0, digits = 0;
        foreach (char c in version!)
        {
            if (c == '.' && digits > 0)
            {
                (dots, digits) = (dots + 1, 0);
            }
            else if (char.IsAsciiDigit(c))
            {
                digits++;
            }
            else
            {
                return false;
            }
        }

        return dots == 2 && digits > 0;
    }

    private static bool IsAssembly(string? assembly) => assembly!.Length > ".dll".Length && assembly.EndsWith(".dll", StringComparison.Ordinal) && assembly.AsSpan().IndexOfAny('/', '\\') < 0;
}
