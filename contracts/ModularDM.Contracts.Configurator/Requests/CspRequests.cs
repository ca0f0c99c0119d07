using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Configurator;

/// <summary>
/// One command on one node of a configuration service provider (CSP) that no other request knows: the way to the settings of a device's maker.
/// </summary>
/// <remarks>
/// The policy grants it by the address's first segments and by verb. Everything that goes this way is audited, reads too. A platform without CSPs answers
/// <see cref="ConfiguratorErrorCode.NotSupported"/>.
/// </remarks>
public sealed record CspCommand : ConfiguratorRequest<CspResult>
{
    /// <summary>What to do with the node.</summary>
    public required CspVerb Verb { get; init; }

    /// <summary>
    /// The node's address, as <c>./Vendor/MSFT/WiFi/Profile/Contoso%20guests</c>: at most 2048 characters, each segment percent-encoded once. No prefix and
    /// <c>./Device</c> mean the device, <c>./User</c> means the user. A get may end in <c>?list=Struct</c> (the addresses of all nodes below) or
    /// <c>?list=StructData</c> (their values too).
    /// </summary>
    public required string LocUri { get; init; }

    /// <summary>The value's format; required for replace and add, allowed for exec (text by default), and for nothing else.</summary>
    public CspValueFormat? Format { get; init; }

    /// <summary>
    /// The value as text, at most 262144 characters; required for replace and add unless the format is node or null, allowed for exec, and for nothing else.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>Verb and address; the value may be a secret and is left out.</summary>
    public override string ToString() => $"csp {Verb} {LocUri}";
}

/// <summary>What a CSP command did.</summary>
public sealed record CspResult : ConfiguratorResponse
{
    /// <summary>The SyncML status, 200 to 299. 202 means that the work goes on after the answer.</summary>
    public required int Status { get; init; }

    /// <summary>The nodes that a get brought: one, or with <c>?list=</c> every node below; empty for other verbs.</summary>
    public required IReadOnlyList<CspNode> Nodes { get; init; }

    /// <summary>Status and number of nodes; values may be secrets and are left out.</summary>
    public override string ToString() => $"csp {Status}, {Nodes.Count} nodes";
}

/// <summary>A node that a get brought.</summary>
public sealed record CspNode
{
    /// <summary>Its address.</summary>
    public required string LocUri { get; init; }

    /// <summary>The format of its value.</summary>
    public required CspValueFormat Format { get; init; }

    /// <summary>Its value as text; for an inner node the names below it, each percent-encoded, with / between; null when only the structure was asked for.</summary>
    public string? Value { get; init; }

    /// <summary>The address; the value may be a secret and is left out.</summary>
    public override string ToString() => LocUri;
}

/// <summary>What can be done with a node.</summary>
[JsonConverter(typeof(WordConverter<CspVerb>))]
public enum CspVerb
{
    /// <summary>Reads it.</summary>
    [JsonStringEnumMemberName("get")] Get,

    /// <summary>Gives it a value.</summary>
    [JsonStringEnumMemberName("replace")] Replace,

    /// <summary>Creates it.</summary>
    [JsonStringEnumMemberName("add")] Add,

    /// <summary>Removes it with all below it.</summary>
    [JsonStringEnumMemberName("delete")] Delete,

    /// <summary>Starts what it stands for.</summary>
    [JsonStringEnumMemberName("exec")] Exec,
}

/// <summary>The formats of node values (OMA device management, meta information).</summary>
[JsonConverter(typeof(WordConverter<CspValueFormat>))]
public enum CspValueFormat
{
    /// <summary>Text.</summary>
    [JsonStringEnumMemberName("chr")] Chr,

    /// <summary>A 32-bit number, decimal.</summary>
    [JsonStringEnumMemberName("int")] Int,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    [JsonStringEnumMemberName("bool")] Bool,

    /// <summary>Bytes, base64.</summary>
    [JsonStringEnumMemberName("b64")] B64,

    /// <summary>Bytes.</summary>
    [JsonStringEnumMemberName("bin")] Bin,

    /// <summary>A date.</summary>
    [JsonStringEnumMemberName("date")] Date,

    /// <summary>A time.</summary>
    [JsonStringEnumMemberName("time")] Time,

    /// <summary>A number with a fraction.</summary>
    [JsonStringEnumMemberName("float")] Float,

    /// <summary>XML.</summary>
    [JsonStringEnumMemberName("xml")] Xml,

    /// <summary>An inner node; it has no value.</summary>
    [JsonStringEnumMemberName("node")] Node,

    /// <summary>No value.</summary>
    [JsonStringEnumMemberName("null")] Null,
}
