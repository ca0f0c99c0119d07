using System.Net.Sockets;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Device;

/// <summary>A booted container whose configurator is a systemd service, as on a device. Its socket lies in the share, so that a test outside talks to it.</summary>
public sealed class LinuxDevice : IAsyncLifetime
{
    public const string Service = "modulardm-configurator.service";
    private const string SocketUnit = "modulardm-configurator.socket";

    /// <summary>Environment variable with the path of a published (native) configurator to test in place of the one built here.</summary>
    public const string PublishedConfigurator = "MODULARDM_TEST_CONFIGURATOR";
    private const string PolicyPath = "/etc/modulardm/configurator-policy.json";
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);
    private string? _skip = SystemdContainer.Unavailable;
    private SystemdContainer? _container;
    private ConfiguratorClient? _client;

    /// <summary>The container; a test that asks on a machine without one is skipped.</summary>
    internal SystemdContainer Container
    {
        get
        {
            Assert.SkipWhen(_skip is not null, _skip ?? "");
            return _container!;
        }
    }

    internal string SocketPath => Path.Combine(Container.Share, "configurator.sock");

    public async ValueTask InitializeAsync()
    {
        if (_skip is not null)
        {
            return;
        }

        try
        {
            _container = await SystemdContainer.BootAsync(Install);
        }
        catch (MountRefusedException e)
        {
            _skip = e.Message;
        }
    }

    /// <summary>Sends a request over the device's one connection, which is made anew after a reboot or a crash.</summary>
    internal async Task<ResponseFrame?> TrySendAsync(ConfiguratorRequest request)
    {
        _client ??= await ConnectAsync();
        ResponseFrame? response = null;
        try
        {
            return response = await _client.SendAsync(request);
        }
        catch (Exception e) when (e is IOException or ConfiguratorException)
        {
            return null;
        }
        finally
        {
            if (response is null)
            {
                Disconnect();
            }
        }
    }

    internal async Task<TResponse> SendAsync<TResponse>(ConfiguratorRequest<TResponse> request)
        where TResponse : ConfiguratorResponse
    {
        ResponseFrame? response = await TrySendAsync(request);
        Assert.NotNull(response);
        Assert.True(response.Error is null, $"{request}: {response.Error}");
        return Assert.IsType<TResponse>(response.Result);
    }

    internal async Task<ConfiguratorError> RefusedAsync(ConfiguratorRequest request)
    {
        ResponseFrame? response = await TrySendAsync(request);
        Assert.NotNull(response);
        Assert.True(response.Error is not null, $"{request} was not refused: {response.Result}");
        return response.Error;
    }

    internal void Disconnect()
    {
        _client?.Dispose();
        _client = null;
    }

    /// <summary>Replaces the reboot rules of the policy and starts the configurator with them.</summary>
    internal async Task UsePolicyAsync(string rebootRules)
    {
        Disconnect();
        string next = Path.Combine(Container.Share, "policy.next");
        await File.WriteAllTextAsync(next, Policy(rebootRules));
        _ = (await Container.RunAsync("install", "-m", "600", $"{SystemdContainer.ShareInside}/policy.next", PolicyPath)).Text;
        _ = (await Container.RunAsync("systemctl", "restart", Service)).Text;
    }

    /// <summary>Connects, as soon as the service is there: it may be starting again.</summary>
    private async Task<ConfiguratorClient> ConnectAsync()
    {
        using var limit = new CancellationTokenSource(s_connectLimit, TimeProvider.System);
        while (!limit.IsCancellationRequested)
        {
            ConfiguratorClient? client = null;
            try
            {
                client = await ConfiguratorClient.ConnectAsync(SocketPath, limit.Token);
                Assert.Equal("linux", Assert.IsType<ServerHello>(await client.GreetAsync()).Platform);
                return client;
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                client?.Dispose();
                await Task.Delay(s_poll, TimeProvider.System, CancellationToken.None);
            }
        }

        CommandResult log = await Container.RunAsync("journalctl", "--no-pager", "--lines=40", "--unit", Service);
        throw new TimeoutException($"The configurator does not listen: {log.Output}{log.Error}");
    }

    public async ValueTask DisposeAsync()
    {
        Disconnect();
        if (_container is not null)
        {
            await _container.DisposeAsync();
        }
    }

    private static void Install(OverlayRoot root)
    {
        string program = $"{SystemdContainer.DotnetInside} {SystemdContainer.ProgramsInside}/mdm-configurator.dll";
        if (Environment.GetEnvironmentVariable(PublishedConfigurator) is { Length: > 0 } published)
        {
            File.Copy(published, Path.Combine(root.Share, "mdm-configurator"));
            program = $"{SystemdContainer.ShareInside}/mdm-configurator";
        }

        root.Write("/etc/hostname", "contoso-device\n");
        root.Write(PolicyPath, Policy("\"graceSeconds\": 0"));
        File.SetUnixFileMode(Path.Combine(root.Root, PolicyPath.TrimStart('/')), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Path.Combine(root.Share, "pwm"), "0\n");
        File.WriteAllText(Path.Combine(root.Share, "secret"), "untouched\n");
        File.CreateSymbolicLink(Path.Combine(root.Share, "link"), $"{SystemdContainer.ShareInside}/secret");
        InstallUnits(root, program);
    }

    // The units of the package, hardening and all. What differs: where things lie, and what a configurator that is not native yet cannot do with.
    private static void InstallUnits(OverlayRoot root, string program)
    {
        foreach (string unit in (string[])[Service, SocketUnit])
        {
            root.Write($"/etc/systemd/system/{unit}", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "systemd", unit)));
        }

        root.Write($"/etc/systemd/system/{SocketUnit}.d/tests.conf", $"""
            [Socket]
            ListenStream=
            ListenStream={SystemdContainer.ShareInside}/configurator.sock
            SocketGroup=root

            """);
        string justInTime = program.EndsWith(".dll", StringComparison.Ordinal)
            ? """
              MemoryDenyWriteExecute=no
              SystemCallFilter=
              SystemCallFilter=@system-service
              SystemCallFilter=~@privileged
              """
            : "";
        root.Write($"/etc/systemd/system/{Service}.d/tests.conf", $"""
            [Unit]
            StartLimitIntervalSec=0

            [Service]
            Environment=DOTNET_EnableDiagnostics=0
            ExecStart=
            ExecStart={program} run --platform linux
            RestartSec=100ms
            # As an administrator grants attributes their paths; one that a test looks at from outside lies in the network's part of /proc.
            ReadWritePaths={SystemdContainer.ShareInside}
            ProtectKernelTunables=no
            PrivateNetwork=no
            CapabilityBoundingSet=CAP_NET_ADMIN
            {justInTime}

            """);
        string wants = Path.Combine(root.Root, "etc/systemd/system/multi-user.target.wants");
        Directory.CreateDirectory(wants);
        File.CreateSymbolicLink(Path.Combine(wants, Service), $"/etc/systemd/system/{Service}");
    }

    private static string Policy(string rebootRules) => $$"""
        {
          "version": 1,
          "callers": [
            {
              "subject": "uid:0",
              "grants": [
                {
                  "plugin": "{{ConfiguratorClient.Plugin}}",
                  "operations": [{{string.Join(", ", ConfiguratorOperations.All.Select(name => $"\"{name}\""))}}],
                  "attributes": [
                    { "name": "fan0.pwm", "path": "{{SystemdContainer.ShareInside}}/pwm", "pattern": "[0-9]{1,3}" },
                    { "name": "forward", "path": "/proc/sys/net/ipv4/ip_forward", "pattern": "[0-9]" },
                    { "name": "link", "path": "{{SystemdContainer.ShareInside}}/link", "pattern": ".*" },
                    { "name": "device", "path": "/dev/null", "pattern": ".*" },
                    { "name": "absent", "path": "{{SystemdContainer.ShareInside}}/absent", "pattern": ".*" }
                  ]
                }
              ]
            }
          ],
          "reboot": { {{rebootRules}} }
        }
        """;
}

/// <summary>The tests that share one device and leave it running.</summary>
[CollectionDefinition]
public sealed class SettingsCollection : ICollectionFixture<LinuxDevice>;
