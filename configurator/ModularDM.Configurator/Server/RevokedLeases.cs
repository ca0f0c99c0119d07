namespace ModularDM.Configurator.Server;

/// <summary>The leases a connection has revoked, the last few thousand of them. Not thread-safe.</summary>
internal sealed class RevokedLeases
{
    private const int Capacity = 4096;
    private readonly HashSet<long> _leases = [];
    private readonly Queue<long> _order = new();

    public void Add(long lease)
    {
        if (!_leases.Add(lease))
        {
            return;
        }

        _order.Enqueue(lease);
        if (_order.Count > Capacity)
        {
            _leases.Remove(_order.Dequeue());
        }
    }

    public bool Contains(long lease) => _leases.Contains(lease);
}
