using System.Collections.Concurrent;
using System.Diagnostics;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Tests.Configurator;

/// <summary>Collects the runtime's ended spans of one trace; other tests' spans run beside it.</summary>
internal sealed class SpanCollector : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    public SpanCollector(ActivityTraceId trace)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == HostTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == trace)
                {
                    _ended.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public Activity Single(string name) => Assert.Single(_ended, activity => activity.DisplayName == name);

    public void Dispose() => _listener.Dispose();
}
