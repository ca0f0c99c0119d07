using System.Diagnostics;
using System.Text.Json;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Configurator;

/// <summary>The spans of a request: the host's own, and below it what root says it did, since root has no exporter.</summary>
internal static class ConfiguratorSpans
{
    private static readonly TimeSpan s_longestRequest = TimeSpan.FromMinutes(10);

    public static Activity? Start(string operation, string pluginId)
    {
        if (!HostTelemetry.Source.HasListeners())
        {
            return null;
        }

        Activity? span = HostTelemetry.Source.StartActivity($"{HostTelemetry.Spans.ConfiguratorRequest} {operation}", ActivityKind.Client);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag(HostTelemetry.Tags.PluginId, pluginId);
            span.SetTag(HostTelemetry.Tags.Operation, operation);
        }

        return span;
    }

    /// <summary>The outcome of a failure in spans and metrics: the code's name on the wire.</summary>
    public static string OutcomeOf(ConfiguratorErrorCode code) => JsonNamingPolicy.CamelCase.ConvertName(code.ToString());

    /// <summary>Adds root's operation and its steps below the request's span.</summary>
    public static void AddOperation(Activity? request, string operation, ResponseFrame response)
    {
        if (request is not { IsAllDataRequested: true } || response.Timing is not { } timing)
        {
            return;
        }

        DateTime start = StartOf(timing, request);
        using Activity? span = HostTelemetry.Source.StartActivity(
            $"{HostTelemetry.Spans.ConfiguratorOperation} {operation}", ActivityKind.Server, request.Context, startTime: start);
        if (span is null)
        {
            return;
        }

        span.SetTag(HostTelemetry.Tags.Operation, operation);
        foreach (OperationStep step in timing.Steps)
        {
            DateTime stepStart = start + FromNanos(step.OffsetNanos);
            using Activity? child = HostTelemetry.Source.StartActivity(step.Name, ActivityKind.Internal, span.Context, startTime: stepStart);
            child?.SetStatus(step.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Unset).SetEndTime(stepStart + FromNanos(step.DurationNanos));
        }

        if (response.Error is { } error)
        {
            span.SetTag(HostTelemetry.Tags.Outcome, OutcomeOf(error.Code)).SetStatus(ActivityStatusCode.Error, error.Message);
        }

        span.SetEndTime(start + FromNanos(timing.DurationNanos));
    }

    private static DateTime StartOf(OperationTiming timing, Activity request)
    {
        DateTime start = DateTime.UnixEpoch + FromNanos(timing.StartUnixNanos);
        DateTime latest = request.StartTimeUtc + s_longestRequest;

        // An operation may have turned the device's clock. Then only its length is to be trusted.
        return start < request.StartTimeUtc || start > latest ? request.StartTimeUtc : start;
    }

    private static TimeSpan FromNanos(long nanos) => TimeSpan.FromTicks(nanos / TimeSpan.NanosecondsPerTick);
}
