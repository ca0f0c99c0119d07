using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModularDM.Contracts.Json;

namespace ModularDM.Contracts.Methods;

/// <summary>The usual base of a direct method with a payload: JSON is read and checked once, here, with all errors at once.</summary>
/// <typeparam name="TPayload">The payload. A missing or null payload is read as an empty object.</typeparam>
public abstract class DirectMethod<TPayload> : IDirectMethod
    where TPayload : class
{
    private static readonly JsonElement s_empty = JsonDocument.Parse("{}").RootElement.Clone();
    private readonly JsonTypeInfo<TPayload> _payloadType;

    /// <summary>A method whose payload is read with <paramref name="payloadType"/>, from a source-generated context.</summary>
    protected DirectMethod(JsonTypeInfo<TPayload> payloadType)
    {
        ArgumentNullException.ThrowIfNull(payloadType);
        _payloadType = payloadType;
    }

    /// <inheritdoc/>
    public Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var errors = new List<SectionError>();
        JsonElement json = call.Payload.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? s_empty : call.Payload;
        TPayload? payload = JsonMembers.Read(json, _payloadType, errors);
        return payload is null ? Task.FromResult(MethodResult.BadPayload(errors)) : InvokeAsync(payload, cancellationToken);
    }

    /// <summary>Acts and answers. See <see cref="IDirectMethod"/> for what may be relied on.</summary>
    /// <param name="payload">The payload, found good.</param>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    protected abstract Task<MethodResult> InvokeAsync(TPayload payload, CancellationToken cancellationToken);
}
