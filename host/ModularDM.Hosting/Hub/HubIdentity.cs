using System.Security.Cryptography.X509Certificates;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>As whom one connection is made: a device or a module of it, with what proves it.</summary>
/// <param name="Connection">Hub, ids and key.</param>
/// <param name="Certificate">The certificate that stands in for a key.</param>
internal sealed record HubIdentity(HubConnectionString Connection, X509Certificate2? Certificate)
{
    /// <summary>The hub's name, which tokens are signed for.</summary>
    public string HostName => Connection.HostName;

    /// <summary>The MQTT client id: <c>device</c> or <c>device/module</c>. It names the identity in logs, too.</summary>
    public string ClientId => ClientIdOf(Connection);

    /// <summary>The MQTT client id of a connection string.</summary>
    public static string ClientIdOf(HubConnectionString connection) => connection.ModuleId is { } module ? $"{connection.DeviceId}/{module}" : connection.DeviceId!;

    /// <summary>How to reach the hub, with a token that begins now.</summary>
    public MqttDial Dial(HubTransport transport, HubOptions options, string? token)
    {
        HubEndpoint endpoint = Connection.GetMqttEndpoint();
        var userName = new MqttUserName(HostName, Connection.DeviceId!, Connection.ModuleId, MqttUserName.CurrentApiVersion, MqttDial.Product, null);
        return new MqttDial(
            transport == HubTransport.WebSocket ? endpoint with { Port = options.WebSocketPort } : endpoint, transport, ClientId, userName.ToString(), token, Certificate);
    }

    /// <summary>The password for a CONNECT now, and when it ends. A certificate needs none.</summary>
    public (string? Token, DateTimeOffset? Expiry) TokenFor(DateTimeOffset now, TimeSpan lifetime)
    {
        if (Connection.SharedAccessKey is not { } key)
        {
            // A token made elsewhere cannot be renewed here; the hub ends the connection when it runs out.
            return (Connection.SharedAccessSignature, null);
        }

        DateTimeOffset expiry = now + lifetime;
        string resource = Connection.ModuleId is { } module
            ? SasToken.ModuleResource(HostName, Connection.DeviceId!, module)
            : SasToken.DeviceResource(HostName, Connection.DeviceId!);
        return (SasToken.Create(resource, key, expiry, Connection.SharedAccessKeyName), expiry);
    }

    /// <summary>Hub and id; never what is secret.</summary>
    public override string ToString() => $"{ClientId} at {HostName}";
}
