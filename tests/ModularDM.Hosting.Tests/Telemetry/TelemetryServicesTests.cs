using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModularDM.Hosting.Telemetry;
using OpenTelemetry.Trace;

namespace ModularDM.Hosting.Tests.Telemetry;

public sealed class TelemetryServicesTests : IDisposable
{
    private readonly DirectoryInfo _temp = Directory.CreateTempSubdirectory("mdm-telemetry-");

    public void Dispose() => _temp.Delete(recursive: true);

    [Fact]
    public async Task AddModularDMTelemetry_HostStops_TheRuntimesSpansAreOnDisk()
    {
        ActivityTraceId trace;
        using (IHost host = Host("true"))
        {
            await host.StartAsync();
            using (Activity span = HostTelemetry.Source.StartActivity("method.invoke contoso.spin")!)
            {
                Assert.NotNull(span);
                trace = span.TraceId;
            }

            await host.StopAsync();
        }

        RecordedTrace recorded = Assert.Single(RecordedTraces.Read(_temp.FullName, new TraceQuery { TraceId = trace.ToHexString() }));
        Assert.Equal("method.invoke contoso.spin", Assert.Single(recorded.Spans).Name);
        string line = Encoding.UTF8.GetString(recorded.Lines[0].Span);
        Assert.Contains("""{"key":"service.name","value":{"stringValue":"modulardm-host"}}""", line, StringComparison.Ordinal);
        Assert.Contains("""{"key":"service.version","value":{"stringValue":"0.1.0"}}""", line, StringComparison.Ordinal);
    }

    [Fact]
    public void AddModularDMTelemetry_RecorderOffAndNoEndpoint_WritesNothing()
    {
        using (IHost host = Host("false"))
        {
            host.Services.GetRequiredService<TracerProvider>();
            HostTelemetry.Source.StartActivity("twin.report")?.Dispose();
        }

        Assert.Empty(_temp.EnumerateFileSystemInfos());
    }

    private IHost Host(string enabled)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Telemetry:FlightRecorder:Enabled"] = enabled,
            ["Telemetry:FlightRecorder:Folder"] = _temp.FullName,
        });
        builder.Services.AddModularDMTelemetry();
        builder.Services.AddModularDMTelemetry();
        return builder.Build();
    }
}
