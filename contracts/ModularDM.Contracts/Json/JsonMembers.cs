using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ModularDM.Contracts.Json;

/// <summary>Reads JSON into a type and finds <em>all</em> that is wrong with it, not only the first thing: an operator should mend a section in one go.</summary>
/// <remarks>
/// Checked are: unknown members (named, with those that exist), missing required members, wrong types, the validation attributes of
/// <see cref="System.ComponentModel.DataAnnotations"/> on properties, and the type's own <see cref="IValidated"/>. Nested objects, and those in arrays and maps, are walked too.
/// </remarks>
public static class JsonMembers
{
    /// <summary>Reads <paramref name="json"/>.</summary>
    /// <param name="json">The value; anything but an object is an error of its own.</param>
    /// <param name="typeInfo">Source-generated type information. Reflection-mode options would pin a plugin's load context for good.</param>
    /// <param name="errors">Receives every error, with paths such as <c>schedule.start</c>. Untouched on success.</param>
    /// <returns>The value, or null when <paramref name="errors"/> received something.</returns>
    public static T? Read<T>(JsonElement json, JsonTypeInfo<T> typeInfo, ICollection<SectionError> errors)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        ArgumentNullException.ThrowIfNull(errors);
        int before = errors.Count;
        if (json.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new SectionError("", $"expected an object, found {Describe(json)}", ErrorCodes.InvalidDesiredJsonValue));
            return null;
        }

        Walk(json, typeInfo, "", errors);
        if (errors.Count > before)
        {
            return null;
        }

        try
        {
            T value = json.Deserialize(typeInfo)!;
            if (value is IValidated validated)
            {
                foreach (SectionError error in validated.Validate())
                {
                    errors.Add(error);
                }
            }

            return errors.Count > before ? null : value;
        }
        catch (JsonException e)
        {
            errors.Add(new SectionError(Trim(e.Path), Trim(e), ErrorCodes.InvalidDesiredJsonValue));
            return null;
        }
    }

    /// <summary>Reads a file that people write: a byte order mark, comments and trailing commas are accepted.</summary>
    /// <param name="utf8Json">The file's content.</param>
    /// <param name="typeInfo">As in <see cref="Read{T}(JsonElement, JsonTypeInfo{T}, ICollection{SectionError})"/>.</param>
    /// <param name="errors">Receives every error; text that is not JSON is one, with its line.</param>
    /// <returns>The value, or null when <paramref name="errors"/> received something.</returns>
    public static T? ReadFile<T>(ReadOnlyMemory<byte> utf8Json, JsonTypeInfo<T> typeInfo, ICollection<SectionError> errors)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        ArgumentNullException.ThrowIfNull(errors);
        if (utf8Json.Span.StartsWith("\uFEFF"u8))
        {
            utf8Json = utf8Json[3..];
        }

        try
        {
            using var written = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            // An element deserialises from its raw text, comments and all, so it is written out plain first.
            var plain = new ArrayBufferWriter<byte>(utf8Json.Length);
            using (var writer = new Utf8JsonWriter(plain))
            {
                written.RootElement.WriteTo(writer);
            }

            using var document = JsonDocument.Parse(plain.WrittenMemory);
            return Read(document.RootElement, typeInfo, errors);
        }
        catch (JsonException e)
        {
            errors.Add(new SectionError("", $"not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", ErrorCodes.InvalidDesiredJsonValue));
            return null;
        }
    }

    private static void Walk(JsonElement json, JsonTypeInfo typeInfo, string path, ICollection<SectionError> errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in json.EnumerateObject())
        {
            string memberPath = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
            JsonPropertyInfo? property = typeInfo.Properties.FirstOrDefault(p => p.Name == member.Name && p.Set is not null)
                ?? typeInfo.Properties.FirstOrDefault(p => p.Name == member.Name);
            if (property is { IsExtensionData: true } || (property is null && typeInfo.Properties.Any(p => p.IsExtensionData)))
            {
                continue;
            }

            if (property is null)
            {
                string known = string.Join(", ", typeInfo.Properties.Select(p => p.Name));
                errors.Add(new SectionError(memberPath, $"unknown member; known here: {(known.Length == 0 ? "none" : known)}", ErrorCodes.InvalidDesiredJsonValue));
                continue;
            }

            if (!seen.Add(member.Name))
            {
                errors.Add(new SectionError(memberPath, "given twice", ErrorCodes.InvalidDesiredJsonValue));
                continue;
            }

            ReadMember(member.Value, property, typeInfo, memberPath, errors);
        }

        foreach (JsonPropertyInfo missing in typeInfo.Properties.Where(p => p.IsRequired && !seen.Contains(p.Name)))
        {
            string memberPath = path.Length == 0 ? missing.Name : $"{path}.{missing.Name}";
            errors.Add(new SectionError(memberPath, "required, but missing", ErrorCodes.InvalidDesiredJsonValue));
        }
    }

    private static void ReadMember(JsonElement json, JsonPropertyInfo property, JsonTypeInfo owner, string path, ICollection<SectionError> errors)
    {
        if (property.CustomConverter is not null)
        {
            // It reads in a way of its own; the whole value's deserialisation finds what is wrong.
            return;
        }

        JsonTypeInfo propertyType = owner.Options.GetTypeInfo(property.PropertyType);
        if (propertyType.Kind == JsonTypeInfoKind.Object && json.ValueKind == JsonValueKind.Object && propertyType.PolymorphismOptions is null)
        {
            Walk(json, propertyType, path, errors);
            return;
        }

        int before = errors.Count;
        WalkItems(json, propertyType, path, errors);
        if (errors.Count > before)
        {
            return;
        }

        if (json.ValueKind == JsonValueKind.Null && !property.IsSetNullable)
        {
            errors.Add(new SectionError(path, "may not be null", ErrorCodes.InvalidDesiredJsonValue));
            return;
        }

        object? value;
        try
        {
            value = json.Deserialize(propertyType);
        }
        catch (JsonException e)
        {
            errors.Add(new SectionError(path, $"expected {Expected(property.PropertyType)}, found {Describe(json)}{Hint(e)}", ErrorCodes.InvalidDesiredJsonValue));
            return;
        }

        // A converter of words reads numbers too, also those that name nothing.
        if (value is Enum && !Enum.IsDefined(value.GetType(), value) && !value.GetType().IsDefined(typeof(FlagsAttribute), false))
        {
            errors.Add(new SectionError(path, $"expected {Expected(property.PropertyType)}", ErrorCodes.InvalidDesiredJsonValue));
            return;
        }

        foreach (ValidationAttribute rule in property.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), true).Cast<ValidationAttribute>() ?? [])
        {
            if (!rule.IsValid(value))
            {
                errors.Add(new SectionError(path, rule.FormatErrorMessage(property.Name), ErrorCodes.InvalidDesiredJsonValue));
            }
        }
    }

    private static void WalkItems(JsonElement json, JsonTypeInfo type, string path, ICollection<SectionError> errors)
    {
        if (type.ElementType is null || type.Options.GetTypeInfo(type.ElementType) is not { Kind: JsonTypeInfoKind.Object, PolymorphismOptions: null } itemType)
        {
            return;
        }

        if (type.Kind == JsonTypeInfoKind.Enumerable && json.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in json.EnumerateArray())
            {
                WalkItem(item, itemType, $"{path}[{index++}]", errors);
            }
        }
        else if (type.Kind == JsonTypeInfoKind.Dictionary && json.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty item in json.EnumerateObject())
            {
                WalkItem(item.Value, itemType, $"{path}.{item.Name}", errors);
            }
        }
    }

    private static void WalkItem(JsonElement json, JsonTypeInfo type, string path, ICollection<SectionError> errors)
    {
        if (json.ValueKind == JsonValueKind.Object)
        {
            Walk(json, type, path, errors);
        }
        else
        {
            errors.Add(new SectionError(path, $"expected an object, found {Describe(json)}", ErrorCodes.InvalidDesiredJsonValue));
        }
    }

    private static string Expected(Type type)
    {
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare switch
        {
            _ when bare == typeof(string) => "a string",
            _ when bare == typeof(bool) => "true or false",
            _ when bare.IsEnum => "one of " + string.Join(", ", EnumNames(bare)),
            _ when bare == typeof(int) || bare == typeof(long) || bare == typeof(short) || bare == typeof(byte) => "a whole number",
            _ when bare == typeof(double) || bare == typeof(float) || bare == typeof(decimal) => "a number",
            _ when bare == typeof(DateTimeOffset) || bare == typeof(DateTime) => "an ISO 8601 time",
            _ when typeof(System.Collections.IDictionary).IsAssignableFrom(bare) => "an object",
            _ when typeof(System.Collections.IEnumerable).IsAssignableFrom(bare) => "an array",
            _ => "an object",
        };
    }

    private static IEnumerable<string> EnumNames(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(
        field => field.GetCustomAttribute<System.Text.Json.Serialization.JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name);

    // Only the kind is told, never the value: it may be a secret, and errors are reported and logged.
    private static string Describe(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Null => "null",
        _ => "nothing",
    };

    private static string Hint(JsonException e) => e.Path is { Length: > 2 } inner ? $" (at {Trim(inner)})" : "";

    private static string Trim(string? path) => path is null ? "" : path.TrimStart('$').TrimStart('.');

    private static string Trim(JsonException e)
    {
        int end = e.Message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
