using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Routing;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class RouteTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task File_MessagesThatMatch_AreLinesOfJson()
    {
        string file = Path.Combine(folder, "out", "alarms.jsonl");
        var route = new HubRoute { Name = "alarms", Source = RouteSource.Messages, Where = new Dictionary<string, string> { ["level"] = "alarm", ["deviceId"] = "d" }, File = new RouteFile { Path = file } };
        await using (LocalHub hub = await StartAsync(route))
        {
            await SendAsync(hub, "d", ("calm", "1"), ("alarm", "2"), ("alarm", "3"));
            await SendAsync(hub, "e", ("alarm", "4"));
            Assert.Equal("""[{"name":"alarms","source":"messages","waiting":0,"delivered":2,"dropped":0,"failed":0,"lastError":null}]""", await RoutesAsync(hub, "delivered", 2));
        }

        string[] lines = await File.ReadAllLinesAsync(file);
        Assert.Equal([2, 3], lines.Select(l => JsonElement.Parse(l).GetProperty("body").GetInt32()));
        Assert.Equal("alarm", JsonElement.Parse(lines[0]).GetProperty("properties").GetProperty("level").GetString());
    }

    [Fact]
    public async Task File_Full_IsRenamedAndTheOldestGoes()
    {
        string file = Path.Combine(folder, "all.jsonl");
        var route = new HubRoute { Name = "all", Source = RouteSource.Messages, File = new RouteFile { Path = file, MaxBytes = 1024, Keep = 2 } };
        await using (LocalHub hub = await StartAsync(route))
        {
            await SendAsync(hub, "d", [.. Enumerable.Range(1, 20).Select(i => ("x", $"{i}"))]);
            await RoutesAsync(hub, "delivered", 20);
        }

        Assert.Equal(["all.jsonl", "all.jsonl.1", "all.jsonl.2"], Directory.GetFiles(folder, "all*").Select(Path.GetFileName).Order());
        int[] kept = [.. ((string[])[$"{file}.2", $"{file}.1", file]).SelectMany(File.ReadAllLines).Select(l => JsonElement.Parse(l).GetProperty("body").GetInt32())];
        Assert.Equal(Enumerable.Range(21 - kept.Length, kept.Length), kept);
        Assert.InRange(kept.Length, 3, 19);
        Assert.All((string[])[$"{file}.1", $"{file}.2", file], path => Assert.InRange(new FileInfo(path).Length, 1, 1024));
    }

    [Fact]
    public async Task Http_TwinChangesAndConnections_ArePostedAndTriedAgain()
    {
        await using var receiver = await Receiver.StartAsync(n => n == 1 ? 503 : 200);
        await using LocalHub hub = await StartAsync(
            new HubRoute { Name = "twins", Source = RouteSource.TwinChanges, Where = new Dictionary<string, string> { ["section"] = "reported" }, Http = new RouteHttp { Url = receiver.Url } },
            new HubRoute { Name = "links", Source = RouteSource.Connections, File = new RouteFile { Path = Path.Combine(folder, "links.jsonl") } });
        using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, TimeProvider.System);
        await service.SendAsync("PATCH", "/twins/d", """{"properties":{"desired":{"a":1}}}""");
        await using (var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, TimeProvider.System))
        {
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            await device.RequestAsync(MqttTopics.ReportedPatch("1"), """{"b":2}""");
        }

        string routes = await RoutesAsync(hub, "delivered", 1);
        Assert.Contains("\"failed\":0", routes, StringComparison.Ordinal);
        Assert.Equal(2, receiver.Bodies.Count);
        Assert.All(receiver.Bodies, body => Assert.Equal("""{"b":2}""", JsonElement.Parse(body).GetProperty("patch").GetRawText()));
        await hub.DisposeAsync();
        Assert.Equal(["connected", "disconnected"], File.ReadAllLines(Path.Combine(folder, "links.jsonl")).Select(l => JsonElement.Parse(l).GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Http_RefusedForGood_IsCountedAndNotTriedAgain()
    {
        await using var receiver = await Receiver.StartAsync(_ => 400);
        await using LocalHub hub = await StartAsync(new HubRoute { Name = "r", Source = RouteSource.Messages, Http = new RouteHttp { Url = receiver.Url } });
        await SendAsync(hub, "d", ("x", "1"));
        Assert.Equal("""[{"name":"r","source":"messages","waiting":0,"delivered":0,"dropped":0,"failed":1,"lastError":"The answer was 400."}]""", await RoutesAsync(hub, "failed", 1));
        Assert.Single(receiver.Bodies);
    }

    [Fact]
    public async Task Http_ReceiverThatHangs_FillsTheQueueAndTheRestIsDroppedAndCounted()
    {
        await using var receiver = await Receiver.StartAsync(_ => 200, hangs: true);
        await using LocalHub hub = await StartAsync(new HubRoute { Name = "r", Source = RouteSource.Messages, Queue = 2, Http = new RouteHttp { Url = receiver.Url } });
        await SendAsync(hub, "d", ("x", "1"));
        await receiver.Called;
        await SendAsync(hub, "d", ("x", "2"), ("x", "3"), ("x", "4"), ("x", "5"));
        Assert.Equal("""[{"name":"r","source":"messages","waiting":2,"delivered":0,"dropped":2,"failed":0,"lastError":null}]""", await RoutesAsync(hub, "dropped", 2));
    }

    [Theory]
    [InlineData("""{"name":"","source":"Messages","file":{"path":"x"}}""", "'name' must have 1 to 64 characters")]
    [InlineData("""{"name":"a","file":{"path":"x"}}""", "'source' must be messages, twinChanges or connections")]
    [InlineData("""{"name":"a","source":"messages"}""", "give either 'file' or 'http'")]
    [InlineData("""{"name":"a","source":"messages","file":{"path":"x","maxBytes":1}}""", "'file.maxBytes' must be from 1024")]
    [InlineData("""{"name":"a","source":"messages","file":{"path":"x","keep":0}}""", "'file.keep' must be from 1 to 100")]
    [InlineData("""{"name":"a","source":"messages","http":{"url":"ftp://example.com"}}""", "'http.url' must be an http or https address")]
    [InlineData("""{"name":"a","source":"messages","http":{"url":"https://example.com","attempts":11}}""", "'http.attempts' must be from 1 to 10")]
    [InlineData("""{"name":"a","source":"messages","queue":0,"http":{"url":"https://example.com"}}""", "'queue' must be from 1 to 100000")]
    [InlineData("""{"name":"a","source":"elsewhere","file":{"path":"x"}}""", "$.routes[0].source")]
    [InlineData("""{"name":"a","source":"messages","fiel":{"path":"x"}}""", "'fiel'")]
    [InlineData("""{"name":"a","source":"messages","file":{"path":"x"}},{"name":"a","source":"messages","file":{"path":"x"}}""", "2 routes are named 'a'")]
    [InlineData("""{"name":"a","source":"messages","file":{"path":"x"}},{"name":"b","source":"messages","file":{"path":"./x"}}""", "2 routes write to")]
    [InlineData("nonsense", "in line 1")]
    public void Load_BadFile_IsRefusedWithWords(string routes, string expected)
    {
        string file = Path.Combine(folder, "routes.json");
        File.WriteAllText(file, $$"""{"routes":[{{routes}}]}""");
        LocalHubStartException refused = Assert.Throws<LocalHubStartException>(() => RouteSettings.Require(RouteSettings.Load(file)));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FileThatCannotBeWritten_IsRefused()
    {
        LocalHubStartException refused = await Assert.ThrowsAsync<LocalHubStartException>(() => StartAsync(new HubRoute { Name = "r", Source = RouteSource.Messages, File = new RouteFile { Path = folder } }));
        Assert.Contains(folder, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Defaults_AreThoseOfTheDocumentation()
    {
        string file = Path.Combine(folder, "routes.json");
        File.WriteAllText(file, """{"routes":[{"name":"a","source":"twinChanges","file":{"path":"x"}},{"name":"b","source":"connections","http":{"url":"https://example.com/in"}}]}""");
        IReadOnlyList<HubRoute> routes = RouteSettings.Load(file);
        Assert.Equal((RouteSource.TwinChanges, 1000, 0), (routes[0].Source, routes[0].Queue, routes[0].Where.Count));
        Assert.Equal(new RouteFile { Path = "x", MaxBytes = 10_485_760, Keep = 5 }, routes[0].File);
        Assert.Equal(new RouteHttp { Url = "https://example.com/in", TimeoutSeconds = 10, Attempts = 3 }, routes[1].Http);
    }

    private Task<LocalHub> StartAsync(params HubRoute[] routes) =>
        LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(folder, "hub"), Devices = ["d", "e"], Routes = routes });

    private static async Task SendAsync(LocalHub hub, string id, params (string Level, string Body)[] messages)
    {
        await using var device = new RawDevice(hub.GetDeviceConnectionString(id), hub.CaFile, TimeProvider.System);
        await device.ConnectAsync();
        foreach ((string level, string body) in messages)
        {
            await device.PublishAsync(MqttTopics.Telemetry(id, [new("level", level)]), body, MqttQualityOfServiceLevel.AtLeastOnce);
        }
    }

    // Delivery follows the acknowledgement.
    private static async Task<string> RoutesAsync(LocalHub hub, string counter, int count)
    {
        using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, TimeProvider.System);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        ServiceAnswer answer;
        do
        {
            limit.Token.ThrowIfCancellationRequested();
            answer = await service.SendAsync("GET", "/modulardm/routes", version: false);
        }
        while (answer.Json[0].GetProperty(counter).GetInt32() < count);
        return answer.Body;
    }

    /// <summary>A web server that notes what it gets.</summary>
    private sealed class Receiver(WebApplication application, TaskCompletionSource called) : IAsyncDisposable
    {
        public ConcurrentQueue<string> Bodies { get; } = new();

        public Task Called => called.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        public string Url => application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/in";

        public static async Task<Receiver> StartAsync(Func<int, int> status, bool hangs = false)
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Services.AddRoutingCore();
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            WebApplication application = builder.Build();
            var receiver = new Receiver(application, called);
            application.MapPost("/in", async (HttpContext context) =>
            {
                using var reader = new StreamReader(context.Request.Body);
                receiver.Bodies.Enqueue(await reader.ReadToEndAsync());
                called.TrySetResult();
                if (hangs)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                }

                context.Response.StatusCode = status(receiver.Bodies.Count);
            });
            await application.StartAsync();
            return receiver;
        }

        public async ValueTask DisposeAsync() => await application.DisposeAsync();
    }
}
