using System.Globalization;
using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>A section's <c>lastChange</c>: the original's members, and the desired version and trace behind them (original client contract, 2.5).</summary>
internal sealed record SectionStatus(DateTimeOffset Time, SectionState State, long? Version, string? TraceId)
{
    public const string Member = "lastChange";

    /// <summary>Long enough for every error of a broken section; short enough for the twin's limit of 4 KB a value.</summary>
    private const int MaxContext = 2000;

    public ErrorSubSystem? ErrSubSystem { get; init; }

    public int? ErrCode { get; init; }

    public string? ErrContext { get; init; }

    public static SectionStatus Failed(DateTimeOffset time, long? version, string? traceId, IReadOnlyList<SectionError> errors)
    {
        string context = string.Join("; ", errors);
        return new SectionStatus(time, SectionState.Failed, version, traceId)
        {
            ErrSubSystem = errors[0].SubSystem,
            ErrCode = errors[0].Code,
            ErrContext = context.Length <= MaxContext ? context : string.Concat(context.AsSpan(0, MaxContext), "…"),
        };
    }

    public static SectionStatus From(ApplyResult result, DateTimeOffset time, long? version, string? traceId) => result.Outcome == ApplyOutcome.Completed
        ? new SectionStatus(time, SectionState.Completed, version, traceId)
        : Failed(time, version, traceId, result.Errors);

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("time"u8, Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        writer.WriteString("state"u8, State switch
        {
            SectionState.Pending => "pending"u8,
            SectionState.Completed => "completed"u8,
            _ => "failed"u8,
        });
        if (ErrSubSystem is { } subSystem)
        {
            writer.WriteString("errSubSystem"u8, subSystem.ToString());
            writer.WriteNumber("errCode"u8, ErrCode ?? 0);
            writer.WriteString("errContext"u8, ErrContext);
        }

        if (Version is { } version)
        {
            writer.WriteNumber("version"u8, version);
        }

        if (TraceId is not null)
        {
            writer.WriteString("traceId"u8, TraceId);
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads what an earlier run, or an earlier product, reported; null when it is not a status.</summary>
    public static SectionStatus? Read(JsonElement lastChange)
    {
        if (lastChange.ValueKind != JsonValueKind.Object
            || !lastChange.TryGetProperty("state"u8, out JsonElement state) || state.ValueKind != JsonValueKind.String
            || !Enum.TryParse(state.GetString(), ignoreCase: true, out SectionState parsed))
        {
            return null;
        }

        return new SectionStatus(
            lastChange.TryGetProperty("time"u8, out JsonElement time) && time.ValueKind == JsonValueKind.String && time.TryGetDateTimeOffset(out DateTimeOffset at) ? at : default,
            parsed,
            lastChange.TryGetProperty("version"u8, out JsonElement version) && version.TryGetInt64(out long v) ? v : null,
            lastChange.TryGetProperty("traceId"u8, out JsonElement trace) && trace.ValueKind == JsonValueKind.String ? trace.GetString() : null)
        {
            ErrSubSystem = lastChange.TryGetProperty("errSubSystem"u8, out JsonElement sub) && Enum.TryParse(sub.ToString(), out ErrorSubSystem s) ? s : null,
            ErrCode = lastChange.TryGetProperty("errCode"u8, out JsonElement code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out int c) ? c : null,
            ErrContext = lastChange.TryGetProperty("errContext"u8, out JsonElement context) && context.ValueKind == JsonValueKind.String ? context.GetString() : null,
        };
    }
}

/// <summary>The words of <c>lastChange.state</c>.</summary>
internal enum SectionState
{
    Pending,
    Completed,
    Failed,
}
