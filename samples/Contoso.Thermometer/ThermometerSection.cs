using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace Contoso.Thermometer;

/// <summary>
/// Reads the sensor in the background, sends each reading as telemetry, and reports of its own accord when the temperature crosses the threshold.
/// </summary>
/// <remarks>The settings live in memory, so the section asks to be applied at every start; until then its defaults hold.</remarks>
[TwinSection("contoso.thermometer", ApplyTimeoutSeconds = 5, ApplyAtBoot = true)]
internal sealed partial class ThermometerSection(IPluginContext context)
    : TwinSection<ThermometerDesired>(ThermometerJson.Default.ThermometerDesired), IPluginLifecycle, IDisposable
{
    private static readonly TimeSpan s_hubLimit = TimeSpan.FromSeconds(10);
    private static readonly Dictionary<string, string> s_messageProperties = new() { ["kind"] = "temperature" };
    private readonly Sensor _sensor = new(context);
    private readonly CalibrationFile _calibration = new(context);
    private readonly PeriodicTimer _timer = new(TimeSpan.FromSeconds(new ThermometerDesired().IntervalSeconds), context.Clock);
    private readonly CancellationTokenSource _stop = new();
    private volatile ThermometerDesired _inForce = new();
    private Task _readings = Task.CompletedTask;
    private bool _wasTooHot;
    private bool _wasUnreadable;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _readings = ReadOnAndOnAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _readings.WaitAsync(cancellationToken);
    }

    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        ThermometerDesired inForce = _inForce;
        Calibration calibration = await _calibration.ReadAsync(cancellationToken);
        double? celsius = await TryReadAsync(calibration, cancellationToken);
        return ReportOf(inForce, calibration, celsius);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _stop.Dispose();
    }

    protected override Task<ApplyResult> ApplyAsync(ThermometerDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        _inForce = value;
        _timer.Period = TimeSpan.FromSeconds(value.IntervalSeconds);
        return Task.FromResult(ApplyResult.Completed);
    }

    private async Task ReadOnAndOnAsync(CancellationToken stop)
    {
        try
        {
            while (await _timer.WaitForNextTickAsync(stop))
            {
                try
                {
                    await MeasureAsync(stop);
                }
                catch (Exception e) when (e is IOException or JsonException or OperationCanceledException && !stop.IsCancellationRequested)
                {
                    // One reading is lost: the calibration cannot be read, or the hub did not answer in time. The next one comes.
                    LogReadingLost(context.Logger, e);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stop was called.
        }
    }

    private async Task MeasureAsync(CancellationToken stop)
    {
        // Offline, the hub answers when it can; the readings in between are not to wait for it.
        using var limit = new CancellationTokenSource(s_hubLimit, context.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        CancellationToken cancellationToken = either.Token;
        ThermometerDesired inForce = _inForce;
        Calibration calibration = await _calibration.ReadAsync(cancellationToken);
        if (await TryReadAsync(calibration, cancellationToken) is not { } celsius)
        {
            return;
        }

        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new Reading(celsius, context.Clock.GetUtcNow()), ThermometerJson.Default.Reading);
        if (!await context.Messages.SendAsync(message, s_messageProperties, cancellationToken))
        {
            LogDropped(context.Logger);
        }

        bool tooHot = celsius >= inForce.ThresholdCelsius;
        if (tooHot != _wasTooHot)
        {
            _wasTooHot = tooHot;
            await context.Twin.ReportAsync("contoso.thermometer", ReportOf(inForce, calibration, celsius), cancellationToken);
        }
    }

    private async Task<double?> TryReadAsync(Calibration calibration, CancellationToken cancellationToken)
    {
        try
        {
            double celsius = Math.Round(await _sensor.ReadCelsiusAsync(cancellationToken) + calibration.OffsetCelsius, 3);
            _wasUnreadable = false;
            return celsius;
        }
        catch (Exception e) when (e is ConfiguratorException or FormatException)
        {
            // Once, not at every reading: a log full of one line hides the others.
            if (!_wasUnreadable)
            {
                _wasUnreadable = true;
                LogUnreadable(context.Logger, e.Message);
            }

            return null;
        }
    }

    private static SectionReport ReportOf(ThermometerDesired inForce, Calibration calibration, double? celsius) => SectionReport.From(
        new ThermometerReported(
            inForce.IntervalSeconds, inForce.ThresholdCelsius, calibration.OffsetCelsius, celsius, celsius is null ? null : celsius >= inForce.ThresholdCelsius),
        ThermometerJson.Default.ThermometerReported);

    [LoggerMessage(EventName = "SensorUnreadable", Level = LogLevel.Warning, Message = "The sensor cannot be read: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string reason);

    [LoggerMessage(EventName = "ReadingLost", Level = LogLevel.Warning, Message = "A reading was lost")]
    private static partial void LogReadingLost(ILogger logger, Exception exception);

    [LoggerMessage(EventName = "ReadingDropped", Level = LogLevel.Debug, Message = "A reading was dropped: offline, and the queue is full")]
    private static partial void LogDropped(ILogger logger);
}
