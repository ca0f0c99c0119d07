using System.Diagnostics.CodeAnalysis;

namespace ModularDM.Hub.Protocol;

/// <summary>The user name of a device's CONNECT: <c>{host}/{device}[/{module}]/?api-version=...[&amp;DeviceClientType=...][&amp;model-id=...]</c>.</summary>
/// <param name="HostName">The hub's name, or the gateway's: SDKs differ.</param>
/// <param name="DeviceId">The device.</param>
/// <param name="ModuleId">The module, if one connects.</param>
/// <param name="ApiVersion">The date of the protocol; none if the client names none.</param>
/// <param name="ClientType">What the client calls itself.</param>
/// <param name="ModelId">The digital-twin model that it implements.</param>
public sealed record MqttUserName(string HostName, string DeviceId, string? ModuleId, string? ApiVersion, string? ClientType, string? ModelId)
{
    /// <summary>The protocol's date that this library writes.</summary>
    public const string CurrentApiVersion = "2021-04-12";

    /// <summary>Writes the user name.</summary>
    public override string ToString()
    {
        string module = ModuleId is null ? "" : "/" + ModuleId;
        string version = "api-version=" + (ApiVersion ?? CurrentApiVersion);
        string type = ClientType is null ? "" : "&DeviceClientType=" + Uri.EscapeDataString(ClientType);
        string model = ModelId is null ? "" : "&model-id=" + Uri.EscapeDataString(ModelId);
        return $"{HostName}/{DeviceId}{module}/?{version}{type}{model}";
    }

    /// <summary>Reads a user name; the query's fields may come in any order, and unknown ones are left alone.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out MqttUserName? userName)
    {
        userName = null;
        if (text is null)
        {
            return false;
        }

        // A device id may hold '?', so that only "/?" begins the query.
        int query = text.IndexOf("/?", StringComparison.Ordinal);
        string[] path = (query < 0 ? text.TrimEnd('/') : text[..query]).Split('/');
        if (path.Length is < 2 or > 3 || path.Any(segment => segment.Length == 0))
        {
            return false;
        }

        string? version = null, type = null, model = null;
        foreach (string field in query < 0 ? [] : text[(query + 2)..].Split('&'))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string value = equals < 0 ? "" : Uri.UnescapeDataString(field[(equals + 1)..]);
            switch (equals < 0 ? field : field[..equals])
            {
                case "api-version":
                    version = value;
                    break;
                case "DeviceClientType":
                    type = value;
                    break;
                case "model-id":
                    model = value;
                    break;
            }
        }

        userName = new MqttUserName(path[0], path[1], path.Length == 3 ? path[2] : null, version, type, model);
        return true;
    }
}
