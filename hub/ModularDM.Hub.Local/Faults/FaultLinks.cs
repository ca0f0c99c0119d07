using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace ModularDM.Hub.Local.Faults;

/// <summary>The open connections of a hub with faults, below TLS.</summary>
internal sealed class FaultLinks(HubFaults faults, TimeProvider time)
{
    private readonly ConcurrentDictionary<EndPoint, FaultLink> open = new();

    /// <summary>Serves one connection through a link that can go wrong.</summary>
    /// <param name="connection">The connection, before TLS.</param>
    /// <param name="next">What serves it.</param>
    /// <param name="isDevice">Whether it is a device's for sure: faults that name no device then strike it before its first byte.</param>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next, bool isDevice)
    {
        EndPoint remote = connection.RemoteEndPoint!;
        var link = new FaultLink(connection, faults, time, isDevice);
        open[remote] = link;
        try
        {
            if (isDevice && faults.OnLink(null, named: false, unnamed: true) is { } kind)
            {
                link.Suffer(kind);
            }

            await link.ServeAsync(next);
        }
        finally
        {
            open.TryRemove(remote, out _);
        }
    }

    /// <summary>A link says which device it is.</summary>
    public void Identify(EndPoint remote, string deviceId)
    {
        if (open.TryGetValue(remote, out FaultLink? link))
        {
            bool wasStranger = !link.IsDevice;
            link.Identify(deviceId);
            if (faults.OnLink(deviceId, named: true, unnamed: wasStranger) is { } kind)
            {
                link.Suffer(kind);
            }
        }
    }

    public void Strike(EndPoint remote, FaultKind kind)
    {
        if (open.TryGetValue(remote, out FaultLink? link))
        {
            link.Suffer(kind);
        }
    }

    /// <summary>Strikes the links that are open already.</summary>
    public void StrikeOpen(InjectedFault fault)
    {
        foreach (FaultLink link in open.Values)
        {
            if (link.IsDevice && !link.IsDark && faults.TryStrike(fault, FaultOperation.Link, link.DeviceId))
            {
                link.Suffer(fault.Fault.Kind);
            }
        }
    }
}
