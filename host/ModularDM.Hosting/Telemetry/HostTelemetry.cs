using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ModularDM.Hosting.Telemetry;

/// <summary>The names that support staff search for: one span per step from the hub's message to root's operation, and the metrics.</summary>
public static class HostTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "ModularDM";

    /// <summary>Spans.</summary>
    public static ActivitySource Source { get; } = new(Name, typeof(HostTelemetry).Assembly.GetName().Version!.ToString(3));

    /// <summary>Metrics.</summary>
    public static Meter Meter { get; } = new(Name, typeof(HostTelemetry).Assembly.GetName().Version!.ToString(3));

    internal static Counter<long> Applies { get; } = Meter.CreateCounter<long>("modulardm.section.applies", "{apply}", "Applies of a section, by section and outcome.");

    internal static Histogram<double> ApplyDuration { get; } = Meter.CreateHistogram<double>("modulardm.section.apply.duration", "s", "Time of one Apply with its read.");

    internal static Counter<long> Methods { get; } = Meter.CreateCounter<long>("modulardm.method.calls", "{call}", "Direct method calls, by method and status.");

    internal static Counter<long> Reports { get; } = Meter.CreateCounter<long>("modulardm.twin.reports", "{patch}", "Reported patches, by outcome.");

    internal static Gauge<int> OutboxDepth { get; } = Meter.CreateGauge<int>("modulardm.twin.outbox", "{section}", "Sections whose report the hub has not acknowledged.");

    internal static Counter<long> Reconnects { get; } = Meter.CreateCounter<long>("modulardm.hub.reconnects", "{connection}", "Connections to the hub after the first.");

    internal static Counter<long> ConfiguratorRequests { get; } = Meter.CreateCounter<long>("modulardm.configurator.requests", "{request}", "Requests to root, by operation and outcome.");

    internal static Histogram<double> ConfiguratorDuration { get; } = Meter.CreateHistogram<double>("modulardm.configurator.request.duration", "s", "Round trip of one request to root.");

    internal static Counter<long> MessagesDropped { get; } = Meter.CreateCounter<long>("modulardm.messages.dropped", "{message}", "Device-to-cloud messages dropped because the queue was full.");

    /// <summary>Span names; a section, method or operation follows after one space.</summary>
    internal static class Spans
    {
        public const string TwinReceive = "twin.receive";
        public const string TwinApply = "twin.apply";
        public const string SectionRead = "section.read";
        public const string TwinReport = "twin.report";
        public const string MethodInvoke = "method.invoke";
        public const string MethodWork = "method.work";
        public const string ConfiguratorRequest = "configurator.request";
        public const string ConfiguratorOperation = "configurator.operation";
        public const string PluginActivate = "plugin.activate";
    }

    /// <summary>Attribute names.</summary>
    internal static class Tags
    {
        public const string PluginId = "modulardm.plugin.id";
        public const string Section = "modulardm.section";
        public const string TwinVersion = "modulardm.twin.version";
        public const string Method = "modulardm.method";
        public const string RequestId = "modulardm.request.id";
        public const string Operation = "modulardm.operation";
        public const string Outcome = "modulardm.outcome";
        public const string Status = "modulardm.status";
    }
}
