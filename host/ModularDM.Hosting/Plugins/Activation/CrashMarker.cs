using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>
/// Notes in a memory-mapped file which plugins are being run, so that the next start knows in whose hands the process died. Never flushed: the page outlives the
/// process, which is enough, and a power cut blames nobody.
/// </summary>
/// <remarks>
/// Deaths count in a row and in the same call. Whoever kills the process from outside (a person, the kernel short of memory) hits now this call and now that one, and
/// the next start sees it end well; a plugin that brings the process down does so in the same place again and again. A quarantine lasts for one start.
/// </remarks>
internal sealed class CrashMarker : IDisposable
{
    private const long Magic = 0x3230_4B52_414D_444D; // "MDMARK02"
    private const int HeaderBytes = 16, SlotBytes = 152, RunningAt = 0, DeathsAt = 4, LengthAt = 8, CallAt = 12, DeathCallAt = 16, IdAt = 20, MaxIdBytes = SlotBytes - IdAt;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    private CrashMarker(MemoryMappedFile? file) => (_file, _view) = (file, file?.CreateViewAccessor());

    /// <summary>Opens the file, counts the deaths it tells of, and begins anew for <paramref name="pluginIds"/>.</summary>
    /// <exception cref="IOException">The file cannot be used.</exception>
    public static CrashMarker Open(string path, IReadOnlyList<string> pluginIds)
    {
        Dictionary<string, (int Times, int Call)> deaths = ReadDeaths(path);
        byte[] content = new byte[HeaderBytes + Math.Max(1, pluginIds.Count) * SlotBytes];
        BinaryPrimitives.WriteInt64LittleEndian(content, Magic);
        for (int i = 0; i < pluginIds.Count; i++)
        {
            Span<byte> slot = content.AsSpan(HeaderBytes + i * SlotBytes, SlotBytes);
            BinaryPrimitives.WriteInt32LittleEndian(slot[DeathsAt..], deaths.GetValueOrDefault(pluginIds[i]).Times);
            BinaryPrimitives.WriteInt32LittleEndian(slot[DeathCallAt..], deaths.GetValueOrDefault(pluginIds[i]).Call);
            BinaryPrimitives.WriteInt32LittleEndian(slot[LengthAt..], Encoding.UTF8.GetBytes(pluginIds[i], slot.Slice(IdAt, MaxIdBytes)));
        }

        // A file of its own each time: another process that still maps the old one keeps it.
        string next = path + ".new";
        File.WriteAllBytes(next, content);
        File.Move(next, path, overwrite: true);
        var marker = new CrashMarker(MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, content.Length, MemoryMappedFileAccess.ReadWrite));
        for (int i = 0; i < pluginIds.Count; i++)
        {
            marker._slots.Add(pluginIds[i], new Slot(marker._view, HeaderBytes + i * SlotBytes, deaths.GetValueOrDefault(pluginIds[i])));
        }

        return marker;
    }

    /// <summary>A marker that keeps nothing, for a device whose data folder cannot be written.</summary>
    public static CrashMarker None() => new(null);

    public Slot SlotOf(string pluginId) => _slots.TryGetValue(pluginId, out Slot? slot) ? slot : new Slot(null, 0, default);

    /// <summary>Everything stopped in good order: nobody is to blame for anything before.</summary>
    public void MarkCleanStop()
    {
        foreach (Slot slot in _slots.Values)
        {
            slot.Clear();
        }
    }

    public void Dispose()
    {
        foreach (Slot slot in _slots.Values)
        {
            slot.Close();
        }

        _view?.Dispose();
        _file?.Dispose();
    }

    private static Dictionary<string, (int Times, int Call)> ReadDeaths(string path)
    {
        var deaths = new Dictionary<string, (int Times, int Call)>(StringComparer.Ordinal);
        byte[] content = File.Exists(path) ? File.ReadAllBytes(path) : [];
        if (content.Length < HeaderBytes || BinaryPrimitives.ReadInt64LittleEndian(content) != Magic)
        {
            return deaths;
        }

        for (int at = HeaderBytes; at + SlotBytes <= content.Length; at += SlotBytes)
        {
            ReadOnlySpan<byte> slot = content.AsSpan(at, SlotBytes);
            int length = BinaryPrimitives.ReadInt32LittleEndian(slot[LengthAt..]);
            if (length is > 0 and <= MaxIdBytes)
            {
                (int times, int call) = (BinaryPrimitives.ReadInt32LittleEndian(slot[DeathsAt..]), BinaryPrimitives.ReadInt32LittleEndian(slot[DeathCallAt..]));
                if (BinaryPrimitives.ReadInt32LittleEndian(slot[RunningAt..]) > 0)
                {
                    int diedIn = BinaryPrimitives.ReadInt32LittleEndian(slot[CallAt..]);
                    (times, call) = (diedIn == call ? times + 1 : 1, diedIn);
                }

                deaths[Encoding.UTF8.GetString(slot.Slice(IdAt, length))] = (times, call);
            }
        }

        return deaths;
    }

    /// <summary>The mark of one plugin. May be used from any thread, and after the marker was closed.</summary>
    internal sealed class Slot(MemoryMappedViewAccessor? view, long at, (int Times, int Call) deaths)
    {
        private readonly Lock _gate = new();
        private bool _closed = view is null;
        private int _running;

        /// <summary>Times in a row that the process had died in the same call of this plugin when this start began.</summary>
        public int Deaths { get; } = deaths.Times;

        /// <summary>A call begins.</summary>
        public void Enter(string call)
        {
            lock (_gate)
            {
                _running++;
                if (!_closed)
                {
                    view!.Write(at + CallAt, NumberOf(call));
                    view.Write(at + RunningAt, _running);
                }
            }
        }

        /// <summary>A call ended, well or not: the process lives, so this call is not what it died of.</summary>
        public void Leave(string call)
        {
            lock (_gate)
            {
                _running--;
                if (_closed)
                {
                    return;
                }

                view!.Write(at + RunningAt, _running);
                if (deaths.Times > 0 && deaths.Call == NumberOf(call))
                {
                    view.Write(at + DeathsAt, 0);
                }
            }
        }

        public void Clear()
        {
            lock (_gate)
            {
                if (!_closed)
                {
                    view!.Write(at + DeathsAt, 0);
                    view.Write(at + RunningAt, 0);
                }
            }
        }

        public void Close()
        {
            lock (_gate)
            {
                _closed = true;
            }
        }

        // The same in every process, unlike string.GetHashCode (FNV-1a).
        private static int NumberOf(string call)
        {
            uint hash = 2166136261;
            foreach (char c in call)
            {
                hash = unchecked((hash ^ c) * 16777619);
            }

            return unchecked((int)hash);
        }
    }
}
