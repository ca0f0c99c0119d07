using System.Buffers;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Telemetry;

/// <summary>
/// Keeps the last traces on disk, so that support staff can ask what happened on a device that no collector can reach. Spans are queued, never waited for:
/// what does not fit is dropped and counted.
/// </summary>
public sealed partial class FlightRecorder : IDisposable
{
    private const int MaxQueued = 2048;
    private const int MaxSpansInLine = 64;

    // Spans of one trace end within moments of each other; gathered so long they share a line. A killed process loses at most this much.
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(250);

    private readonly Channel<object> _queue = Channel.CreateBounded<object>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly SemaphoreSlim _hurry = new(0);
    private readonly ILogger<FlightRecorder> _logger;
    private readonly FlightRecorderOptions _options;
    private readonly SegmentedFile _file;
    private readonly Task _writing;
    private IReadOnlyList<KeyValuePair<string, object>> _resource = [];
    private long _dropped;

    /// <summary>Opens the files and starts to write, if the options say so.</summary>
    public FlightRecorder(IOptions<FlightRecorderOptions> options, ILogger<FlightRecorder> logger)
    {
        _options = options.Value;
        _logger = logger;
        _file = new SegmentedFile(_options.Folder, _options.MaxBytes);
        IsRecording = _options.Enabled && TryOpen();
        _writing = IsRecording ? Task.Run(WriteAsync) : Task.CompletedTask;
    }

    /// <summary>False when it is switched off, or its folder cannot be used.</summary>
    public bool IsRecording { get; }

    /// <summary>Spans that were not recorded: the queue was full, the disk failed, or one span was larger than a file.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>What the process says of itself in every line, as <c>service.name</c>.</summary>
    public void SetResource(IEnumerable<KeyValuePair<string, object>> resource) => _resource = [.. resource];

    /// <summary>Queues an ended span.</summary>
    public void Record(Activity span)
    {
        ArgumentNullException.ThrowIfNull(span);
        if (IsRecording && !_queue.Writer.TryWrite(span))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Waits until all that was queued before is with the operating system.</summary>
    /// <returns>False when <paramref name="limit"/> passed first.</returns>
    public async Task<bool> FlushAsync(TimeSpan limit)
    {
        if (_writing.IsCompleted)
        {
            return true;
        }

        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var over = new CancellationTokenSource(limit);
        try
        {
            await _queue.Writer.WriteAsync(written, over.Token).ConfigureAwait(false);
            _hurry.Release();
            await written.Task.WaitAsync(over.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (ChannelClosedException)
        {
            return true;
        }
    }

    /// <summary>Reads the recorded traces from disk, newest first.</summary>
    /// <param name="query">Which.</param>
    public IReadOnlyList<RecordedTrace> ReadTraces(TraceQuery query) => RecordedTraces.Read(_options.Folder, query);

    /// <summary>Writes what is queued and closes the files.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _hurry.Release();
        _writing.Wait(TimeSpan.FromSeconds(2));
        _file.Dispose();
        if (Dropped > 0)
        {
            SpansDropped(Dropped);
        }
    }

    private bool TryOpen()
    {
        try
        {
            _file.Open();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A device is managed without its recorder rather than not at all.
            NotRecording(e, _options.Folder);
            return false;
        }
    }

    private async Task WriteAsync()
    {
        List<Activity> spans = [];
        List<TaskCompletionSource> flushes = [];
        var line = new ArrayBufferWriter<byte>(4096);
        while (await _queue.Reader.WaitToReadAsync())
        {
            await _hurry.WaitAsync(s_gather);
            while (spans.Count < MaxQueued && _queue.Reader.TryRead(out object? item))
            {
                if (item is Activity span)
                {
                    spans.Add(span);
                }
                else
                {
                    flushes.Add((TaskCompletionSource)item);
                }
            }

            Write(spans, line);
            spans.Clear();
            flushes.ForEach(flush => flush.TrySetResult());
            flushes.Clear();
        }
    }

    private void Write(List<Activity> spans, ArrayBufferWriter<byte> line)
    {
        try
        {
            foreach (IGrouping<(ActivityTraceId, ActivitySource), Activity> trace in spans.GroupBy(span => (span.TraceId, span.Source)))
            {
                foreach (Activity[] part in trace.Chunk(MaxSpansInLine))
                {
                    line.ResetWrittenCount();
                    OtlpLine.Write(line, _resource, trace.Key.Item2.Name, trace.Key.Item2.Version, part);
                    if (!_file.TryAppend(line.WrittenSpan))
                    {
                        Interlocked.Add(ref _dropped, part.Length);
                    }
                }
            }

            _file.Flush();
        }
        catch (Exception e)
        {
            // A full disk, or a tag whose text cannot be made: neither may end the recording.
            if (Interlocked.Add(ref _dropped, spans.Count) == spans.Count)
            {
                WriteFailed(e, _options.Folder);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Traces are not kept on this device: the folder '{Folder}' cannot be used.")]
    private partial void NotRecording(Exception exception, string folder);

    [LoggerMessage(Level = LogLevel.Error, Message = "Spans could not be written to '{Folder}'. Further failures are counted, not logged.")]
    private partial void WriteFailed(Exception exception, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} spans were not recorded.")]
    private partial void SpansDropped(long count);
}
