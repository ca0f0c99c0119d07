namespace ModularDM.Contracts.Configurator;

/// <summary>Reads a device attribute that the policy grants to the plugin by name.</summary>
public sealed record ReadDeviceAttribute : ConfiguratorRequest<AttributeValue>, IReadOnlyRequest
{
    /// <summary>The name the policy gives the attribute ("fan0.pwm"), never a path.</summary>
    public required string Name { get; init; }
}

/// <summary>
/// Writes a device attribute that the policy grants to the plugin by name, in place: an attribute is a kernel file, so there is no temporary file and no rename.
/// </summary>
public sealed record WriteDeviceAttribute : ConfiguratorRequest<Done>
{
    /// <summary>The name the policy gives the attribute ("fan0.pwm"), never a path.</summary>
    public required string Name { get; init; }

    /// <summary>The text to write, at most 4096 characters; it must match the pattern that the policy sets for this attribute.</summary>
    public required string Value { get; init; }
}

/// <summary>The attribute's text without the trailing line break.</summary>
/// <param name="Value">The text.</param>
public sealed record AttributeValue(string Value) : ConfiguratorResponse;
