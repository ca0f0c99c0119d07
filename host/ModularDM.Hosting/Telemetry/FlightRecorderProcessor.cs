using System.Diagnostics;
using OpenTelemetry;

namespace ModularDM.Hosting.Telemetry;

/// <summary>Hands ended spans to the flight recorder. It needs no exporter and no endpoint.</summary>
internal sealed class FlightRecorderProcessor(FlightRecorder recorder) : BaseProcessor<Activity>
{
    private bool _knowsResource;

    public override void OnEnd(Activity data)
    {
        if (!_knowsResource)
        {
            // The provider is complete by the time of the first span, not when it takes this processor in.
            recorder.SetResource(ParentProvider.GetResource().Attributes);
            _knowsResource = true;
        }

        if (data.Recorded)
        {
            recorder.Record(data);
        }
    }

    protected override bool OnForceFlush(int timeoutMilliseconds) => Flush(timeoutMilliseconds);

    protected override bool OnShutdown(int timeoutMilliseconds) => Flush(timeoutMilliseconds);

    private bool Flush(int timeoutMilliseconds) =>
        recorder.FlushAsync(timeoutMilliseconds < 0 ? TimeSpan.FromSeconds(5) : TimeSpan.FromMilliseconds(timeoutMilliseconds)).GetAwaiter().GetResult();
}
