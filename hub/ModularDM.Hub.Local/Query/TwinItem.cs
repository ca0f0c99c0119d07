using System.Text.Json;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Query;

/// <summary>A device's or module's twin, as it was when the query came by.</summary>
internal sealed class TwinItem(Device device) : IQueryItem
{
    private static readonly byte[] Properties = "properties"u8.ToArray();
    private static readonly byte[] DesiredName = "desired"u8.ToArray();
    private static readonly byte[] ReportedName = "reported"u8.ToArray();
    private readonly DeviceIdentity identity = device.Identity;
    private readonly Twin twin = device.Twin;

    public Device Device => device;

    public string Key => identity.Id;

    public QueryValue Read(QueryPath path) => path.Root switch
    {
        QueryRoot.Tags => QueryValue.Read(twin.Tags, path.Below),
        QueryRoot.Desired => ReadSection(twin.Desired, path),
        QueryRoot.Reported => ReadSection(twin.Reported, path),
        QueryRoot.Configurations when device.Configured is null => QueryValue.Undefined,
        _ => ReadIdentity(path),
    };

    public void Write(Utf8JsonWriter json) => TwinDocument.WriteForService(device, twin, json);

    private QueryValue ReadSection(TwinSection section, QueryPath path)
    {
        ReadOnlySpan<byte[]> names = path.Below;
        if (names.Length == 0)
        {
            return ReadDocument(path);
        }

        if (names[0].AsSpan().SequenceEqual("$metadata"u8))
        {
            return QueryValue.Read(section.Metadata, names[1..]);
        }

        return names.Length == 1 && names[0].AsSpan().SequenceEqual("$version"u8) ? QueryValue.Of(section.Version) : QueryValue.Read(section.Body, names);
    }

    // The members that conditions ask for most; all others are read from the document that services get, so that they cannot differ from it.
    private QueryValue ReadIdentity(QueryPath path) => path.First.ToUpperInvariant() switch
    {
        "DEVICEID" when path.Below.Length == 0 => QueryValue.Of(identity.DeviceId),
        "MODULEID" when path.Below.Length == 0 => identity.ModuleId is { } module ? QueryValue.Of(module) : QueryValue.Undefined,
        "STATUS" when path.Below.Length == 0 => QueryValue.Of(identity.Enabled ? "enabled" : "disabled"),
        "CONNECTIONSTATE" when path.Below.Length == 0 => QueryValue.Of(device.Connection is null ? "Disconnected" : "Connected"),
        _ => ReadDocument(path),
    };

    private QueryValue ReadDocument(QueryPath path)
    {
        byte[] document = HubJson.Bytes(this, static (item, json) => item.Write(json));
        return path.Root switch
        {
            QueryRoot.Desired => QueryValue.Read(document, [Properties, DesiredName]),
            QueryRoot.Reported => QueryValue.Read(document, [Properties, ReportedName]),
            _ => QueryValue.ReadMember(document, path),
        };
    }
}
