using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Faults;

/// <summary>Faults as the REST API tells them.</summary>
internal static class FaultJson
{
    private static readonly string[] Members =
        ["kind", "operation", "deviceId", "times", "seconds", "probability", "seed", "delayMilliseconds", "direction", "skewSeconds"];

    // What an answer adds; a body that was read may be sent back as it is.
    private static readonly string[] Told = ["id", "hits", "inForce"];

    /// <exception cref="HubRefusalException">The body is not a fault; the message says all that is wrong.</exception>
    public static Fault Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        var wrong = new List<string>();
        foreach (JsonProperty member in json.EnumerateObject().Where(member => !Members.Contains(member.Name) && !Told.Contains(member.Name)))
        {
            wrong.Add($"'{member.Name}' is not a member of a fault; these are: {string.Join(", ", Members)}.");
        }

        FaultKind? kind = Named<FaultKind>(json, "kind", wrong);
        if (kind is null && Value(json, "kind") is null)
        {
            wrong.Add($"'kind' is missing: {Names<FaultKind>()}.");
        }

        var fault = new Fault
        {
            Kind = kind ?? default,
            Operation = Named<FaultOperation>(json, "operation", wrong),
            DeviceId = Text(json, "deviceId", wrong),
            Times = (int?)Number(json, "times", 1, int.MaxValue, wrong, whole: true),
            Duration = Number(json, "seconds", 0, 86400, wrong) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Probability = Number(json, "probability", 0, 1, wrong) ?? 1,
            Seed = (int)(Number(json, "seed", 0, int.MaxValue, wrong, whole: true) ?? 0),
            Delay = TimeSpan.FromMilliseconds(Number(json, "delayMilliseconds", 0, 60000, wrong) ?? 0),
            Direction = Named<FaultDirection>(json, "direction", wrong) ?? default,
            Skew = TimeSpan.FromSeconds(Number(json, "skewSeconds", -2592000, 2592000, wrong) ?? 0),
        };
        if (kind is not null)
        {
            wrong.AddRange(fault.Validate());
        }

        return wrong.Count == 0 ? fault : throw HubRefusalException.Invalid(string.Join(" ", wrong.Distinct()));
    }

    public static void Write(InjectedFault injected, Utf8JsonWriter json)
    {
        Fault fault = injected.Fault;
        json.WriteStartObject();
        json.WriteString("id"u8, injected.Id);
        json.WriteString("kind"u8, Fault.Name(fault.Kind));
        Optional(fault.Operation is { } operation ? Fault.Name(operation) : null, "operation");
        Optional(fault.DeviceId, "deviceId");
        Measure(fault.Times, "times");
        Measure(fault.Duration?.TotalSeconds, "seconds");
        json.WriteNumber("probability"u8, fault.Probability);
        json.WriteNumber("seed"u8, fault.Seed);
        if (fault.Kind == FaultKind.Delay)
        {
            Measure(fault.Delay.TotalMilliseconds, "delayMilliseconds");
            Optional(Fault.Name(fault.Direction), "direction");
        }

        Measure(fault.Kind == FaultKind.ClockSkew ? fault.Skew.TotalSeconds : null, "skewSeconds");
        json.WriteNumber("hits"u8, injected.Hits);
        json.WriteBoolean("inForce"u8, injected.InForce);
        json.WriteEndObject();

        void Optional(string? text, string name)
        {
            if (text is not null)
            {
                json.WriteString(name, text);
            }
        }

        void Measure(double? number, string name)
        {
            if (number is { } value)
            {
                json.WriteNumber(name, value);
            }
        }
    }

    private static JsonElement? Value(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Names<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(Fault.Name));

    private static T? Named<T>(JsonElement json, string name, List<string> wrong)
        where T : struct, Enum
    {
        if (Value(json, name) is not { } value)
        {
            return null;
        }

        foreach (T known in Enum.GetValues<T>())
        {
            if (value.ValueKind == JsonValueKind.String && value.GetString() == Fault.Name(known))
            {
                return known;
            }
        }

        wrong.Add($"'{name}' must be one of: {Names<T>()}.");
        return null;
    }

    private static string? Text(JsonElement json, string name, List<string> wrong)
    {
        if (Value(json, name) is not { } value || value.ValueKind == JsonValueKind.String)
        {
            return Value(json, name)?.GetString();
        }

        wrong.Add($"'{name}' must be a string.");
        return null;
    }

    private static double? Number(JsonElement json, string name, double least, double most, List<string> wrong, bool whole = false)
    {
        if (Value(json, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most && (!whole || double.IsInteger(number)))
        {
            return number;
        }

        wrong.Add(FormattableString.Invariant($"'{name}' must be a {(whole ? "whole " : "")}number from {least} to {most}."));
        return null;
    }
}
