namespace ModularDM.Hosting.Hub;

/// <summary>A cloud-to-device message.</summary>
/// <param name="Body">The body as it came; the receiver may keep it.</param>
/// <param name="Properties">All its properties by the names they have on the wire: the sender's own, and the hub's, as <c>$.mid</c> or <c>$.to</c>. A null is a name without a value.</param>
public sealed record CloudMessage(ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string?> Properties)
{
    /// <summary>The message's id, if its sender gave one. A message that comes twice has the same.</summary>
    public string? MessageId => Properties.GetValueOrDefault(ModularDM.Hub.Protocol.PropertyBag.SystemNames.MessageId);

    /// <summary>The id of what this one answers, if its sender gave one.</summary>
    public string? CorrelationId => Properties.GetValueOrDefault(ModularDM.Hub.Protocol.PropertyBag.SystemNames.CorrelationId);
}
