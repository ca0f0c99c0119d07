using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ModularDM.Hosting.Telemetry;

/// <summary>Registers traces and metrics. Nothing leaves the device unless one of OpenTelemetry's standard endpoint variables is set.</summary>
internal static class TelemetryServices
{
    // Plugin ids, sections, methods and operations are bounded by what is installed; a guard against the rest.
    private const int MaxSeriesPerMetric = 50;
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static IServiceCollection AddModularDMTelemetry(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(FlightRecorder)))
        {
            return services;
        }

        services.AddOptions<FlightRecorderOptions>().BindConfiguration(FlightRecorderOptions.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FlightRecorderOptions>, FlightRecorderOptionsValidator>());
        services.AddSingleton<FlightRecorder>();

        bool exportTraces = IsSet(Endpoint) || IsSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        bool exportMetrics = IsSet(Endpoint) || IsSet("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
        IOpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is { Length: > 0 } name ? name : "modulardm-host",
                serviceVersion: typeof(TelemetryServices).Assembly.GetName().Version!.ToString(3),
                autoGenerateServiceInstanceId: false))
            .WithTracing(tracing =>
            {
                ((IDeferredTracerProviderBuilder)tracing).Configure((provider, builder) => AddRecorder(provider, builder, exportTraces));
                if (exportTraces)
                {
                    tracing.AddOtlpExporter();
                }
            });
        if (exportMetrics)
        {
            telemetry.WithMetrics(metrics => metrics
                .AddMeter(HostTelemetry.Name)
                .AddView(_ => new MetricStreamConfiguration { CardinalityLimit = MaxSeriesPerMetric })
                .AddOtlpExporter());
        }

        return services;
    }

    private static void AddRecorder(IServiceProvider provider, TracerProviderBuilder builder, bool exportTraces)
    {
        FlightRecorder recorder = provider.GetRequiredService<FlightRecorder>();
        if (recorder.IsRecording)
        {
            builder.AddProcessor(new FlightRecorderProcessor(recorder));
        }

        // With nobody to look at them spans are not even made.
        if (recorder.IsRecording || exportTraces)
        {
            builder.AddSource(HostTelemetry.Name);
        }
    }

    private static bool IsSet(string variable) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(variable));
}
