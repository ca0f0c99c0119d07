using System.Text.Json;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Query;

/// <summary>
/// Evaluates a condition on a device. Only texts, numbers, booleans and null compare, and only with their own kind; whatever is missing or has another
/// shape makes a comparison false.
/// </summary>
internal sealed class QueryRunner(QueryCondition? condition) : IDisposable
{
    private readonly Dictionary<byte[], JsonDocument> parsed = new(ReferenceEqualityComparer.Instance);

    private static readonly object Undefined = new();

    public bool Matches(Device device)
    {
        try
        {
            return condition is null || IsTrue(condition, device);
        }
        finally
        {
            Clear();
        }
    }

    public void Dispose() => Clear();

    private bool IsTrue(QueryCondition part, Device device) => part switch
    {
        QueryCondition.And and => IsTrue(and.Left, device) && IsTrue(and.Right, device),
        QueryCondition.Or or => IsTrue(or.Left, device) || IsTrue(or.Right, device),
        QueryCondition.Not not => !IsTrue(not.Inner, device),
        QueryCondition.IsDefined defined => Value(defined.Member, device) != Undefined,
        QueryCondition.In within => Value(within.Value, device) is var value && value != Undefined && within.Options.Any(o => AreEqual(value, o)) != within.Negated,
        QueryCondition.Compare compare => Compare(Value(compare.Left, device), compare.Kind, Value(compare.Right, device)),
        _ => false,
    };

    private static bool Compare(object? left, CompareKind kind, object? right)
    {
        if (left == Undefined || right == Undefined || left is JsonElement || right is JsonElement)
        {
            return false;
        }

        if (kind is CompareKind.Equal or CompareKind.NotEqual)
        {
            return AreEqual(left, right) == (kind == CompareKind.Equal);
        }

        int? order = (left, right) switch
        {
            (double a, double b) => a.CompareTo(b),
            (string a, string b) => string.CompareOrdinal(a, b),
            _ => null,
        };
        return kind switch
        {
            CompareKind.Less => order < 0,
            CompareKind.Greater => order > 0,
            CompareKind.LessOrEqual => order <= 0,
            _ => order >= 0,
        };
    }

    private static bool AreEqual(object? left, object? right) => Equals(left, right);

    private object? Value(QueryCondition.Operand operand, Device device) => operand switch
    {
        QueryCondition.Literal literal => literal.Value,
        QueryCondition.Path path => Value(path, device),
        _ => Undefined,
    };

    private object? Value(QueryCondition.Path path, Device device)
    {
        ReadOnlySpan<string> names = path.Names is string[] array ? array : [.. path.Names];
        Twin twin = device.Twin;
        if (names[0].Equals("devices", StringComparison.OrdinalIgnoreCase) && names.Length > 1)
        {
            names = names[1..];
        }

        if (names.Length > 1 && Is(names[0], "tags"))
        {
            return Read(twin.Tags, names[1..]);
        }

        if (names.Length > 2 && Is(names[0], "properties"))
        {
            TwinSection? section = Is(names[1], "desired") ? twin.Desired : Is(names[1], "reported") ? twin.Reported : null;
            if (section is null)
            {
                return Undefined;
            }

            return names.Length == 3 && names[2] == "$version" ? (double)section.Version : Read(section.Body, names[2..]);
        }

        if (names.Length > 1)
        {
            return Undefined;
        }

        return names[0].ToUpperInvariant() switch
        {
            "DEVICEID" => device.Id,
            "STATUS" => device.Identity.Enabled ? "enabled" : "disabled",
            "STATUSREASON" => device.Identity.StatusReason,
            "CONNECTIONSTATE" => device.Connection is null ? "Disconnected" : "Connected",
            "LASTACTIVITYTIME" => TwinMetadata.Text(device.LastActivity),
            "ETAG" => ETags.Format(twin.ETag),
            "VERSION" => (double)twin.Version,
            "AUTHENTICATIONTYPE" => device.Identity.Authentication.TypeName,
            _ => Undefined,
        };
    }

    private object? Read(byte[] body, ReadOnlySpan<string> names)
    {
        if (!parsed.TryGetValue(body, out JsonDocument? document))
        {
            parsed[body] = document = JsonDocument.Parse(body);
        }

        JsonElement value = document.RootElement;
        foreach (string name in names)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return Undefined;
            }
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null => null,
            _ => value,
        };
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private void Clear()
    {
        foreach (JsonDocument document in parsed.Values)
        {
            document.Dispose();
        }

        parsed.Clear();
    }
}
