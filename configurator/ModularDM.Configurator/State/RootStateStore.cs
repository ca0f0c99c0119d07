using System.Text.Json;
using ModularDM.Configurator.Server;

namespace ModularDM.Configurator.State;

/// <summary>Keeps <see cref="RootState"/> in one file. A change is on disk before <see cref="Update"/> returns.</summary>
internal sealed class RootStateStore
{
    private readonly AtomicFile _file;
    private readonly Lock _gate = new();
    private volatile RootState _current;

    public RootStateStore(string folder, ServerLog log)
    {
        _file = new AtomicFile(Path.Combine(folder, "root-state.json"));
        _current = Load(log);
    }

    public RootState Current => _current;

    public void Update(Func<RootState, RootState> change)
    {
        lock (_gate)
        {
            RootState next = change(_current);
            if (next == _current)
            {
                return;
            }

            _file.Write(JsonSerializer.SerializeToUtf8Bytes(next, RootStateJson.Default.RootState));
            _current = next;
        }
    }

    private RootState Load(ServerLog log)
    {
        foreach (byte[] generation in _file.ReadGenerations())
        {
            try
            {
                if (JsonSerializer.Deserialize(generation, RootStateJson.Default.RootState) is { } state)
                {
                    return state;
                }
            }
            catch (JsonException e)
            {
                log.Warning("StateDamaged", $"'{_file.Path}' holds a generation that cannot be read and is passed over: {e.Message}");
            }
        }

        return new RootState();
    }
}
