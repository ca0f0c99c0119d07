using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Methods;

/// <summary>What a direct method answers.</summary>
public sealed class MethodResult
{
    private MethodResult(int status, ReadOnlyMemory<byte> payload, IReadOnlyList<SectionError>? errors = null, Func<CancellationToken, Task<WorkResult>>? work = null) =>
        (Status, Payload, Errors, Work) = (status, payload, errors ?? [], work);

    /// <summary>200 OK with an empty object.</summary>
    public static MethodResult Done { get; } = new(200, "{}"u8.ToArray());

    /// <summary>200, 202, 400, 404, 409, 500 or 504; the hub hands it to the caller.</summary>
    public int Status { get; }

    /// <summary>The answer as UTF-8 JSON; empty when the runtime writes it (errors, accepted work).</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>What is wrong, for status 400, 404, 409, 500 and 504.</summary>
    public IReadOnlyList<SectionError> Errors { get; }

    /// <summary>The long work that goes on after 202; null otherwise.</summary>
    public Func<CancellationToken, Task<WorkResult>>? Work { get; }

    /// <summary>200 with a value.</summary>
    public static MethodResult Ok<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new MethodResult(200, JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));
    }

    /// <summary>A status of the method's own and an answer that is already UTF-8 JSON.</summary>
    /// <param name="status">What the caller sees.</param>
    /// <param name="utf8Json">The answer; may be empty.</param>
    public static MethodResult Answer(int status, ReadOnlyMemory<byte> utf8Json) => new(status, utf8Json);

    /// <summary>
    /// 202 with <c>lastChange.state: pending</c>, at once. The runtime then runs <paramref name="work"/> under the method's <see cref="DirectMethodAttribute.WorkTimeoutSeconds"/>
    /// and reports how it ended in the section of <see cref="DirectMethodAttribute.Reports"/>. A restart in the middle ends it as failed; it never stays pending.
    /// </summary>
    /// <param name="work">The long work. One at a time for each method: a call while it runs is answered 409.</param>
    public static MethodResult Accepted(Func<CancellationToken, Task<WorkResult>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new MethodResult(202, ReadOnlyMemory<byte>.Empty, work: work);
    }

    /// <summary>400: the payload is not acceptable; all errors at once.</summary>
    /// <exception cref="ArgumentException">No error was given.</exception>
    public static MethodResult BadPayload(params IReadOnlyList<SectionError> errors) => new(400, ReadOnlyMemory<byte>.Empty, AtLeastOne(errors));

    /// <summary>404: the thing the payload names does not exist.</summary>
    public static MethodResult NotFound(SectionError error) => new(404, ReadOnlyMemory<byte>.Empty, AtLeastOne([error]));

    /// <summary>409: the state of the device forbids it now, or it wants to be confirmed; the value says how.</summary>
    public static MethodResult Conflict<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new MethodResult(409, JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));
    }

    /// <summary>504: it did not end within its limit. The runtime answers this for a method that was given up; a method may answer it for something that it waits for.</summary>
    public static MethodResult DeadlineExceeded(SectionError error) => new(504, ReadOnlyMemory<byte>.Empty, AtLeastOne([error]));

    /// <summary>500: it was tried and failed, in words for the caller.</summary>
    /// <exception cref="ArgumentException">No error was given.</exception>
    public static MethodResult Failed(params IReadOnlyList<SectionError> errors) => new(500, ReadOnlyMemory<byte>.Empty, AtLeastOne(errors));

    private static IReadOnlyList<SectionError> AtLeastOne(IReadOnlyList<SectionError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        return errors.Count > 0 ? errors : throw new ArgumentException("A refusal needs at least one error.", nameof(errors));
    }
}

/// <summary>How long work ended: the outcome, and what the section that it reports in says from now on.</summary>
/// <param name="Outcome">Becomes <c>lastChange</c>.</param>
/// <param name="Report">The section beside <c>lastChange</c>; null leaves it as it is reported now.</param>
public sealed record WorkResult(ApplyResult Outcome, SectionReport? Report = null);
