using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Hub.Provisioning;
using ModularDM.Hosting.Runtime;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>The provisioning service by the byte, and the hub that it assigns.</summary>
public sealed class ProvisioningTests : IAsyncLifetime
{
    private readonly RawHub _service = new();
    private readonly RawHub _hub = new();
    private readonly TestDevice _device = new();
    private readonly Channel<(string Topic, string Body)> _asked = Channel.CreateUnbounded<(string, string)>();
    private readonly ProvisioningOptions _options;
    private readonly RuntimeOptions _runtime;

    public ProvisioningTests()
    {
        _options = new ProvisioningOptions { IdScope = "0ne00000000", RegistrationId = "thermostat-1", Endpoint = $"localhost:{_service.Port}", SymmetricKey = TestDevice.Key };
        _runtime = new RuntimeOptions { DataFolder = Path.Combine(_device.Folder.FullName, "data") };
        _service.OnPublish = (link, topic, body) => AssignAsync(link, topic, body, "assigning");
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _device.DisposeAsync();
        await _service.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Register_WithItsOwnKey_SpeaksTheDocumentedWireAndConnectsToTheAssignedHub()
    {
        _options.Payload = """{"floor":3}""";
        long started = Stopwatch.GetTimestamp();

        Run();

        RawLink service = await _service.Links.ReadAsync(_device.Limit);
        Assert.Equal([4, 0xC2, 0, 60], service.ConnectHead);
        Assert.Equal("thermostat-1", service.ClientId);
        Assert.StartsWith("0ne00000000/registrations/thermostat-1/api-version=2019-03-31&ClientVersion=ModularDM%2F", service.UserName, StringComparison.Ordinal);
        Assert.StartsWith("SharedAccessSignature sr=0ne00000000%2Fregistrations%2Fthermostat-1&sig=", service.Password, StringComparison.Ordinal);
        Assert.EndsWith("&skn=registration", service.Password, StringComparison.Ordinal);
        Assert.True(SasToken.TryParse(service.Password, out SasToken? token, out _));
        Assert.True(token.IsSignedWith(Convert.FromBase64String(TestDevice.Key)));
        Assert.Contains("$dps/registrations/res/#", Encoding.UTF8.GetString(await service.NextAsync(0x82, _device.Limit)), StringComparison.Ordinal);
        (string topic, string body) = await _asked.Reader.ReadAsync(_device.Limit);
        Assert.StartsWith("$dps/registrations/PUT/iotdps-register/?$rid=", topic, StringComparison.Ordinal);
        Assert.Equal("""{"registrationId":"thermostat-1","payload":{"floor":3}}""", body);
        (topic, body) = await _asked.Reader.ReadAsync(_device.Limit);
        Assert.Matches(@"^\$dps/registrations/GET/iotdps-get-operationstatus/\?\$rid=[0-9a-f]+&operationId=4\.abc$", topic);
        Assert.Equal("", body);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(3), "The service asked for three seconds.");
        RawLink hub = await _hub.Links.ReadAsync(_device.Limit);
        Assert.Equal("fan-7", hub.ClientId);
        Assert.StartsWith("localhost/fan-7/?api-version=2021-04-12&", hub.UserName, StringComparison.Ordinal);
        Assert.True(SasToken.TryParse(hub.Password, out token, out _));
        Assert.True(token.IsSignedWith(Convert.FromBase64String(TestDevice.Key)));
        await _device.ConnectedAsync();
    }

    [Fact]
    public async Task Register_WithACertificate_ShowsItToBoth()
    {
        (string pem, string hash) = TestDevice.Certificate("thermostat-2");
        (_options.SymmetricKey, _options.RegistrationId) = (null, null);
        _device.Options.CertificateFile = _device.File("device.pem", pem);

        Run();

        RawLink service = await _service.Links.ReadAsync(_device.Limit);
        RawLink hub = await _hub.Links.ReadAsync(_device.Limit);
        Assert.Equal(("thermostat-2", hash, null), (service.ClientId, service.CertificateHash, service.Password));
        Assert.Equal(("fan-7", hash, null), (hub.ClientId, hub.CertificateHash, hub.Password));
    }

    [Fact]
    public void Derive_OfAGroupKey_IsTheDocumentedHmac()
    {
        // printf thermostat-1 | openssl dgst -sha256 -mac HMAC -macopt key:secret-that-must-not-leak -binary | base64
        Assert.Equal("oep8ueiT6fG1+oLMfp+G9K1clploQG5jX2q5lhVvi3Y=", ProvisioningKey.Derive(TestDevice.Key, "thermostat-1"));
    }

    [Fact]
    public async Task Start_AssignedBefore_NeedsNoService()
    {
        await using (var before = new TestDevice())
        {
            before.Run(source: new ProvisionedIdentity(_options, before.Options, _runtime, TimeProvider.System, before.Log));
            await before.ConnectedAsync();
        }

        await _service.Links.ReadAsync(_device.Limit);
        await _hub.Links.ReadAsync(_device.Limit);
        string file = Assert.Single(Directory.GetFiles(_runtime.DataFolder));
        Assert.DoesNotContain(TestDevice.Key, await File.ReadAllTextAsync(file, _device.Limit), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        Run();

        await _device.ConnectedAsync();
        Assert.Equal("fan-7", (await _hub.Links.ReadAsync(_device.Limit)).ClientId);
        Assert.False(_service.Links.TryRead(out _));
    }

    [Fact]
    public async Task Connect_RefusedByTheHub_AsksTheServiceAgain()
    {
        _hub.ConnectCode = 5;
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        _service.OnPublish = (link, topic, body) => AssignAsync(link, topic, body, "assigned");
        Run(clock);
        await _service.Links.ReadAsync(_device.Limit);
        await _device.Log.WaitForAsync("is not accepted by", _device.Limit);

        _hub.ConnectCode = 0;

        await IdentityTests.NextLinkAsync(_service, clock, _device.Limit);
        await _device.ConnectedAsync();
    }

    [Fact]
    public async Task Identity_TenFailuresInARow_AsksTheServiceAgainAndNotBefore()
    {
        _service.OnPublish = (link, topic, body) => AssignAsync(link, topic, body, "assigned");
        var identity = new ProvisionedIdentity(_options, _device.Options, _runtime, TimeProvider.System, _device.Log);
        await identity.GetAsync(_device.Limit);
        await _service.Links.ReadAsync(_device.Limit);
        for (int i = 0; i < 9; i++)
        {
            identity.Failed(HubFailure.NotConnected);
        }

        await identity.GetAsync(_device.Limit);
        Assert.False(_service.Links.TryRead(out _));
        identity.Failed(HubFailure.NotConnected);
        await identity.GetAsync(_device.Limit);

        Assert.True(_service.Links.TryRead(out _));
    }

    [Fact]
    public async Task Identity_ServiceUnreachableAfterARefusal_GivesTheOldHubItsTurn()
    {
        _service.OnPublish = (link, topic, body) => AssignAsync(link, topic, body, "assigned");
        var identity = new ProvisionedIdentity(_options, _device.Options, _runtime, TimeProvider.System, _device.Log);
        HubIdentity first = await identity.GetAsync(_device.Limit);
        await _service.DisposeAsync();
        identity.Failed(HubFailure.Unauthorized);

        var e = await Assert.ThrowsAsync<HubException>(() => identity.GetAsync(_device.Limit));

        Assert.Equal(HubFailure.NotConnected, e.Failure);
        Assert.Contains("the provisioning service at localhost:", e.Message, StringComparison.Ordinal);
        Assert.Equal(first.Connection, (await identity.GetAsync(_device.Limit)).Connection);
    }

    [Theory]
    [InlineData("$dps/registrations/res/401/?$rid={0}", """{"errorCode":401002,"trackingId":"x","message":"Unauthorized","timestampUtc":"2026-01-01T00:00:00Z"}""", HubFailure.Unauthorized, "its key or certificate is wrong, its enrolment is disabled, or the device's clock is off (401, Unauthorized)")]
    [InlineData("$dps/registrations/res/404/?$rid={0}", """{"errorCode":404201,"message":"Not found"}""", HubFailure.Unauthorized, "knows no enrolment")]
    [InlineData("$dps/registrations/res/429/?$rid={0}&retry-after=33", """{"errorCode":429001,"message":"slow"}""", HubFailure.Throttled, "the service is busy (429, slow)")]
    [InlineData("$dps/registrations/res/200/?$rid={0}", """{"operationId":"1","status":"disabled","registrationState":{"status":"disabled"}}""", HubFailure.Unauthorized, "enrolment is disabled")]
    [InlineData("$dps/registrations/res/200/?$rid={0}", """{"operationId":"1","status":"failed","registrationState":{"status":"failed","errorCode":400207,"errorMessage":"no hub is linked"}}""", HubFailure.Refused, "no hub is linked")]
    [InlineData("$dps/registrations/res/200/?$rid={0}", "not json", HubFailure.BadAnswer, "names no hub")]
    public async Task Register_Refused_SaysWhyInWords(string topic, string body, HubFailure failure, string words)
    {
        _service.OnPublish = (link, asked, _) => link.PublishAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, topic, asked.Split("$rid=")[1]), body, 1);
        var client = new ProvisioningClient(_options, _device.Options, TimeProvider.System, _device.Log);

        var e = await Assert.ThrowsAsync<HubException>(() => client.RegisterAsync("thermostat-1", TestDevice.Key, null, _device.Limit));

        Assert.Equal(failure, e.Failure);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Equal(failure == HubFailure.Throttled ? TimeSpan.FromSeconds(33) : null, e.RetryAfter);
    }

    [Theory]
    [InlineData("$dps/registrations/res/202/?$rid=1&retry-after=3", 202, "1", 3)]
    [InlineData("$dps/registrations/res/202/?retry-after=3&$rid=a", 202, "a", 3)]
    [InlineData("$dps/registrations/res/200/?$rid=2", 200, "2", null)]
    public void TryParseResponse_Documented_IsRead(string topic, int status, string id, int? seconds)
    {
        Assert.True(ProvisioningTopics.TryParseResponse(topic, out int readStatus, out string? readId, out TimeSpan? retryAfter));

        Assert.Equal((status, id, seconds is null ? null : (TimeSpan?)TimeSpan.FromSeconds(seconds.Value)), (readStatus, readId, retryAfter));
    }

    [Theory]
    [InlineData("$dps/registrations/res/?$rid=1")]
    [InlineData("$dps/registrations/res/x/?$rid=1")]
    [InlineData("$dps/registrations/res/200/?")]
    [InlineData("$iothub/twin/res/200/?$rid=1")]
    public void TryParseResponse_Other_IsNot(string topic) => Assert.False(ProvisioningTopics.TryParseResponse(topic, out _, out _, out _));

    private void Run(TimeProvider? clock = null) =>
        _device.Run(clock, new ProvisionedIdentity(_options, _device.Options, _runtime, clock ?? TimeProvider.System, _device.Log));

    private async Task AssignAsync(RawLink link, string topic, byte[] body, string registered)
    {
        _asked.Writer.TryWrite((topic, Encoding.UTF8.GetString(body)));
        string id = topic.Split("$rid=")[1].Split('&')[0];
        if (registered == "assigning" && topic.Contains("/PUT/", StringComparison.Ordinal))
        {
            await link.PublishAsync($"$dps/registrations/res/202/?$rid={id}&retry-after=3", """{"operationId":"4.abc","status":"assigning"}""", 1, _device.Limit);
            return;
        }

        string answer = $$$"""
            {"operationId":"4.abc","status":"assigned","registrationState":{"registrationId":"thermostat-1","assignedHub":"localhost:{{{_hub.Port}}}","deviceId":"fan-7","status":"assigned","substatus":"initialAssignment"}}
            """;
        await link.PublishAsync($"$dps/registrations/res/200/?$rid={id}", answer, 2, _device.Limit);
    }
}
