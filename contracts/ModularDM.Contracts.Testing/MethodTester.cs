using System.Reflection;
using System.Text.Json;
using ModularDM.Contracts.Methods;

namespace ModularDM.Contracts.Testing;

/// <summary>Calls a direct method as the runtime would.</summary>
public static class MethodTester
{
    /// <summary>Calls the method.</summary>
    /// <param name="method">The method under test.</param>
    /// <param name="json">The payload; null when the caller sends none.</param>
    /// <param name="cancellationToken">Given to the method.</param>
    public static async Task<MethodResult> InvokeAsync(IDirectMethod method, string? json = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        using var document = JsonDocument.Parse(json ?? "null");
        string name = method.GetType().GetCustomAttribute<DirectMethodAttribute>()?.Name ?? "test.method";
        return await method.InvokeAsync(new MethodCall(name, document.RootElement), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Calls the method and runs the long work that it began.</summary>
    /// <exception cref="ContractViolationException">The method began none.</exception>
    public static async Task<WorkResult> RunToEndAsync(IDirectMethod method, string? json = null, CancellationToken cancellationToken = default)
    {
        MethodResult result = await InvokeAsync(method, json, cancellationToken).ConfigureAwait(false);
        return result.Work is { } work
            ? await work(cancellationToken).ConfigureAwait(false)
            : throw new ContractViolationException($"The method answered {result.Status} and began no long work: {string.Join("; ", result.Errors)}");
    }

    /// <summary>The payload of an answer.</summary>
    public static JsonElement PayloadOf(MethodResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        using var document = JsonDocument.Parse(result.Payload);
        return document.RootElement.Clone();
    }
}
