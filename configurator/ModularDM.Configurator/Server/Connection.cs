using ModularDM.Configurator.Authorization;

namespace ModularDM.Configurator.Server;

/// <summary>One accepted connection: its bytes, and who is at the other end as the kernel tells it.</summary>
internal abstract class Connection : IDisposable
{
    public abstract Stream Stream { get; }

    public abstract CallerIdentity Caller { get; }

    /// <summary>How long a read may wait for bytes.</summary>
    public abstract TimeSpan ReadLimit { set; }

    /// <summary>Makes the pending read, and each later one, see the end of the stream. Writes still work.</summary>
    public abstract void StopReading();

    public abstract void Dispose();
}

/// <summary>Where connections come from.</summary>
internal interface IConnectionListener : IDisposable
{
    /// <summary>The address, for people and for READY.</summary>
    string Endpoint { get; }

    Task<Connection> AcceptAsync(CancellationToken cancellationToken);
}
