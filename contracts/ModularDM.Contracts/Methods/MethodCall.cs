using System.Text.Json;

namespace ModularDM.Contracts.Methods;

/// <summary>A direct method call as it arrived.</summary>
/// <param name="Name">The full name, <c>vendor.method</c>.</param>
/// <param name="Payload">The payload; <see cref="JsonValueKind.Null"/> when the caller sent none. Valid during the call only; clone what outlives it.</param>
public sealed record MethodCall(string Name, JsonElement Payload);
