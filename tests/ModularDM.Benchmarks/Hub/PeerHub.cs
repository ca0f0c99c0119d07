using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.AspNetCore;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Benchmarks.Hub;

/// <summary>
/// The least that can carry a direct method: one minimal-API endpoint over HTTPS and an MQTT broker over TLS on the hub's own topics. Nobody is asked who they
/// are, nothing is checked or kept.
/// </summary>
internal static class PeerHub
{
    public const string Command = "peer-hub";

    public const string Ready = "PEER ";

    public static async Task<int> RunAsync(string caFile)
    {
        X509Certificate2 certificate = CreateCertificate();
        await File.WriteAllTextAsync(caFile, certificate.ExportCertificatePem());
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddHostedMqttServer(mqtt => mqtt.WithoutDefaultEndpoint().WithPersistentSessions());
        builder.Services.AddMqttConnectionHandler();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate).UseMqtt());
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        await using WebApplication app = builder.Build();

        var sessions = new ConcurrentDictionary<string, MqttSessionStatus>();
        var pending = new ConcurrentDictionary<string, TaskCompletionSource<(int Status, byte[] Payload)>>();
        long last = 0;
        MqttServer server = app.Services.GetRequiredService<MqttServer>();
        server.InterceptingSubscriptionAsync += e =>
        {
            e.ProcessSubscription = false;
            e.Response.ReasonCode = MqttSubscribeReasonCode.GrantedQoS0;
            sessions[e.ClientId] = e.Session;
            return Task.CompletedTask;
        };
        server.InterceptingPublishAsync += e =>
        {
            e.ProcessPublish = false;
            if (MqttTopics.TryParseMethodResponse(e.ApplicationMessage.Topic, out int status, out string? id) && pending.TryRemove(id, out var call))
            {
                call.TrySetResult((status, e.ApplicationMessage.Payload.ToArray()));
            }

            return Task.CompletedTask;
        };
        app.MapPost("/twins/{id}/methods", async (string id, HttpContext context) =>
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body);
            string method = body.RootElement.GetProperty("methodName").GetString()!;
            string rid = Interlocked.Increment(ref last).ToString("x", CultureInfo.InvariantCulture);
            var call = new TaskCompletionSource<(int Status, byte[] Payload)>(TaskCreationOptions.RunContinuationsAsynchronously);
            pending[rid] = call;
            sessions[id].TryEnqueueApplicationMessage(
                new MqttApplicationMessage
                {
                    Topic = MqttTopics.MethodRequest(method, rid),
                    Payload = new ReadOnlySequence<byte>(JsonSerializer.SerializeToUtf8Bytes(body.RootElement.GetProperty("payload"))),
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce,
                },
                out _);
            (int status, byte[] payload) = await call.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
            context.Response.ContentType = "application/json";
            await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
            json.WriteStartObject();
            json.WriteNumber("status", status);
            json.WritePropertyName("payload");
            json.WriteRawValue(payload);
            json.WriteEndObject();
        });

        await app.StartAsync();
        string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        Console.WriteLine(Ready + string.Join(' ', addresses.Select(address => new Uri(address).Port)));
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }
}
