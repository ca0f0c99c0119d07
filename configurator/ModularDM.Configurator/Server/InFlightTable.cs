using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Server;

/// <summary>The requests of one connection that are being worked on, and the leases under which none may be any more.</summary>
internal sealed class InFlightTable(int capacity)
{
    private readonly Dictionary<long, InFlightRequest> _requests = [];
    private readonly RevokedLeases _revoked = new();
    private readonly Lock _gate = new();

    public enum Admission
    {
        Admitted,
        DuplicateId,
        Full,
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _requests.Count;
            }
        }
    }

    public Admission TryAdd(InFlightRequest request)
    {
        lock (_gate)
        {
            if (_requests.ContainsKey(request.Frame.Id))
            {
                return Admission.DuplicateId;
            }

            if (_requests.Count >= capacity)
            {
                return Admission.Full;
            }

            _requests.Add(request.Frame.Id, request);
            if (IsRevoked(request.Frame))
            {
                request.GiveUp();
            }

            return Admission.Admitted;
        }
    }

    /// <summary>Takes a request out; afterwards nothing cancels it any more.</summary>
    public void Remove(InFlightRequest request)
    {
        lock (_gate)
        {
            _requests.Remove(request.Frame.Id);
        }
    }

    public void Cancel(long id)
    {
        lock (_gate)
        {
            _requests.GetValueOrDefault(id)?.GiveUp();
        }
    }

    public void Revoke(long lease)
    {
        lock (_gate)
        {
            _revoked.Add(lease);
            foreach (InFlightRequest request in _requests.Values)
            {
                if (request.Frame.Lease == lease)
                {
                    request.GiveUp();
                }
            }
        }
    }

    public void CancelAll()
    {
        lock (_gate)
        {
            foreach (InFlightRequest request in _requests.Values)
            {
                request.GiveUp();
            }
        }
    }

    // Lease 0 is the host's own and never ends.
    private bool IsRevoked(RequestFrame frame) => frame.Lease != 0 && _revoked.Contains(frame.Lease);
}
