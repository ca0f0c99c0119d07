#:project ../../host/ModularDM.Hosting/ModularDM.Hosting.csproj
#:package AMQPNetLite
#:package Microsoft.Extensions.Hosting
#:property PublishAot=false

// The basic flows of a device against a real hub: register, connect, twin, method, message to the cloud, message to the device.
//
//   MODULARDM_AZURE_HUB='HostName=...;SharedAccessKeyName=iothubowner;SharedAccessKey=...' dotnet run tests/azure/flows.cs
//
// It makes one device, mdm-flows-<random>, and removes it again. A hub with an authority of its own is trusted by MODULARDM_AZURE_CA, a PEM file. For the local hub give the address of its
// services as GatewayHostName, its port for devices as MODULARDM_AZURE_MQTT_PORT, and start it with an AMQP port, named by MODULARDM_AZURE_AMQP_PORT.
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Amqp;
using Amqp.Framing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModularDM.Hosting.Application;
using ModularDM.Hosting.Hub;
using ModularDM.Hub.Protocol;

if (Environment.GetEnvironmentVariable("MODULARDM_AZURE_HUB") is not { Length: > 0 } text)
{
    Console.Error.WriteLine("MODULARDM_AZURE_HUB must hold the connection string of a policy with registry write and service connect.");
    return 2;
}

HubConnectionString hub = HubConnectionString.Parse(text);
string? ca = Environment.GetEnvironmentVariable("MODULARDM_AZURE_CA");
string deviceId = "mdm-flows-" + Guid.NewGuid().ToString("N")[..8];
using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
DirectoryInfo data = Directory.CreateTempSubdirectory("mdm-flows-");
using HttpClient service = MakeService(hub, ca);

Step($"register {deviceId}");
JsonElement identity = await CallAsync(HttpMethod.Put, $"devices/{deviceId}", new { deviceId, authentication = new { type = "sas" } });
string key = identity.GetProperty("authentication").GetProperty("symmetricKey").GetProperty("primaryKey").GetString()!;
try
{
    Step("connect");
    string? gateway = Environment.GetEnvironmentVariable("MODULARDM_AZURE_MQTT_PORT") is { } port ? $";GatewayHostName={hub.GetHttpsEndpoint().Host}:{port}" : null;
    HostApplicationBuilder builder = Host.CreateApplicationBuilder();
    builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Hub:ConnectionString"] = $"HostName={hub.HostName};DeviceId={deviceId};SharedAccessKey={key}{gateway}",
        ["Hub:CaFile"] = ca,
        ["Runtime:DataFolder"] = data.FullName,
        ["Plugins:CoreFolder"] = data.FullName,
        ["Plugins:DataFolder"] = data.FullName,
        ["Plugins:SettingsFolder"] = data.FullName,
        ["Telemetry:FlightRecorder:Enabled"] = "false",
    });
    builder.Services.AddModularDM();
    using IHost device = builder.Build();
    var desired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    var received = new TaskCompletionSource<CloudMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
    await device.StartAsync(limit.Token);
    IDeviceHub application = device.Services.GetRequiredService<IDeviceHub>();
    application.Follow("flows", node =>
    {
        if (node.ValueKind == JsonValueKind.Object && node.GetProperty("speed").GetInt32() == 3)
        {
            desired.TrySetResult();
        }
    });
    application.MapMethod("flows.echo", (payload, _) => Task.FromResult((200, payload)));
    application.ReceiveMessages((message, _) =>
    {
        received.TrySetResult(message);
        return Task.CompletedTask;
    });
    while (!application.IsConnected)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
    }

    Step("twin: desired arrives, reported is kept");
    await CallAsync(HttpMethod.Patch, $"twins/{deviceId}", new { properties = new { desired = new { flows = new { speed = 3 } } } });
    await desired.Task.WaitAsync(limit.Token);
    await application.ReportAsync("flows", JsonSerializer.SerializeToElement(new { speed = 3 }), limit.Token);
    JsonElement twin = await CallAsync(HttpMethod.Get, $"twins/{deviceId}", null);
    Expect(twin.GetProperty("properties").GetProperty("reported").GetProperty("flows").GetProperty("speed").GetInt32() == 3, "the reported speed is 3");

    Step("method");
    JsonElement answer = await CallAsync(HttpMethod.Post, $"twins/{deviceId}/methods", new { methodName = "flows.echo", payload = new { hello = "device" }, responseTimeoutInSeconds = 30 });
    Expect(answer.GetProperty("status").GetInt32() == 200 && answer.GetProperty("payload").GetProperty("hello").GetString() == "device", "the method echoes");

    Step("message to the cloud, acknowledged by the hub");
    await application.SendAsync(new DeviceMessage("{\"flow\":1}"u8.ToArray(), new Dictionary<string, string> { ["from"] = "flows" }), limit.Token);

    Step("message to the device");
    await SendToDeviceAsync();
    CloudMessage message = await received.Task.WaitAsync(limit.Token);
    Expect(Encoding.UTF8.GetString(message.Body.Span) == "hello" && message.MessageId == "flow-1", "the message arrives with its id");

    await device.StopAsync(limit.Token);
    Console.WriteLine("All flows passed.");
    return 0;
}
finally
{
    await CallAsync(HttpMethod.Delete, $"devices/{deviceId}", null);
    data.Delete(recursive: true);
}

static void Step(string what) => Console.WriteLine($"- {what}");

static void Expect(bool holds, string what)
{
    if (!holds)
    {
        throw new InvalidOperationException($"Not so: {what}.");
    }
}

static HttpClient MakeService(HubConnectionString hub, string? ca)
{
    var handler = new SocketsHttpHandler();
    handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, errors, ca);
    var client = new HttpClient(handler) { BaseAddress = new Uri($"https://{hub.GetHttpsEndpoint()}/") };
    client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", Token(hub));
    return client;
}

static string Token(HubConnectionString hub) => SasToken.Create(hub.HostName, hub.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddHours(1), hub.SharedAccessKeyName);

static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, string? ca)
{
    if (errors == SslPolicyErrors.None || ca is null || certificate is not X509Certificate2 server)
    {
        return errors == SslPolicyErrors.None;
    }

    using var chain = new X509Chain();
    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
    chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(ca);
    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
    return errors == SslPolicyErrors.RemoteCertificateChainErrors && chain.Build(server);
}

async Task<JsonElement> CallAsync(HttpMethod method, string path, object? body)
{
    using var request = new HttpRequestMessage(method, $"{path}?api-version=2021-04-12");
    if (body is not null)
    {
        request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
    }

    if (method == HttpMethod.Delete)
    {
        request.Headers.TryAddWithoutValidation("If-Match", "*");
    }

    using HttpResponseMessage response = await service.SendAsync(request, limit.Token);
    string text = await response.Content.ReadAsStringAsync(limit.Token);
    return response.IsSuccessStatusCode
        ? text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text)
        : throw new InvalidOperationException($"{method} {path}: the hub answered {(int)response.StatusCode} {text}");
}

// Services send to devices over AMQP alone: a token on the claims link, then the message.
async Task SendToDeviceAsync()
{
    int amqpPort = int.Parse(Environment.GetEnvironmentVariable("MODULARDM_AZURE_AMQP_PORT") ?? "5671", System.Globalization.CultureInfo.InvariantCulture);
    var factory = new ConnectionFactory();
    factory.SSL.RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, ca);
    Connection connection = await factory.CreateAsync(new Address($"amqps://{hub.GetHttpsEndpoint().Host}:{amqpPort}"));
    var session = new Session(connection);
    var claims = new SenderLink(session, "claims", "$cbs");
    var replies = new ReceiverLink(session, "replies", "$cbs");
    using var token = new Message(Token(hub))
    {
        Properties = new Properties { MessageId = "1", ReplyTo = "replies" },
        ApplicationProperties = new ApplicationProperties { ["operation"] = "put-token", ["type"] = "azure-devices.net:sastoken", ["name"] = hub.HostName },
    };
    await claims.SendAsync(token);
    using Message reply = await replies.ReceiveAsync(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException("No answer to the token.");
    Expect(Convert.ToInt32(reply.ApplicationProperties["status-code"], System.Globalization.CultureInfo.InvariantCulture) is 200 or 202, "the hub takes the token");
    replies.Accept(reply);
    var sender = new SenderLink(session, "sender", "/messages/devicebound");
    using var message = new Message { BodySection = new Data { Binary = "hello"u8.ToArray() }, Properties = new Properties { MessageId = "flow-1", To = $"/devices/{deviceId}/messages/devicebound" } };
    await sender.SendAsync(message);
    await connection.CloseAsync();
}
