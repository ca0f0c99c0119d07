using System.Text.Json;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Query;

/// <summary>A device's or module's twin, as it was when the query came by.</summary>
internal sealed class TwinItem(Device device) : IQueryItem
{
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

    private static QueryValue ReadSection(TwinSection section, QueryPath path)
    {
        ReadOnlySpan<byte[]> names = path.Below;
        if (names.Length == 0)
        {
            return new QueryValue(QueryKind.Object, Json: TwinDocument.Section(section, withMetadata: true));
        }

        if (names[0].AsSpan().SequenceEqual("$metadata"u8))
        {
            return QueryValue.Read(section.Metadata, names[1..]);
        }

        return names.Length == 1 && names[0].AsSpan().SequenceEqual("$version"u8) ? QueryValue.Of(section.Version) : QueryValue.Read(section.Body, names);
    }

    // The members that are asked for most, without a document; all others are read from one of the same words as services get, so that they cannot differ.
    private QueryValue ReadIdentity(QueryPath path) => path.Below.Length > 0 ? ReadDocument(path) : path.Member switch
    {
        "DEVICEID" => QueryValue.Of(identity.DeviceId),
        "MODULEID" => identity.ModuleId is { } module ? QueryValue.Of(module) : QueryValue.Undefined,
        "STATUS" => QueryValue.Of(identity.Enabled ? "enabled" : "disabled"),
        "STATUSREASON" => QueryValue.Of(identity.StatusReason),
        "CONNECTIONSTATE" => QueryValue.Of(device.Connection is null ? "Disconnected" : "Connected"),
        "LASTACTIVITYTIME" => QueryValue.Of(TwinMetadata.Text(device.LastActivity)),
        "AUTHENTICATIONTYPE" => QueryValue.Of(identity.Authentication.TypeName),
        "MODELID" => QueryValue.Of(device.ModelId ?? ""),
        "VERSION" => QueryValue.Of(twin.Version),
        "ETAG" => QueryValue.Of(ETags.Format(twin.ETag)),
        "DEVICEETAG" => QueryValue.Of(ETags.Format(identity.ETag)),
        _ => ReadDocument(path),
    };

    // The twin's sections are large, and only "properties" is one of them here.
    private QueryValue ReadDocument(QueryPath path) => QueryValue.ReadMember(
        HubJson.Bytes((device, twin, sections: path.Member == "PROPERTIES"), static (s, json) => TwinDocument.WriteForService(s.device, s.twin, json, s.sections)),
        path);
}
