namespace ModularDM.Hub.Local.Routing;

/// <summary>Where a route's records go.</summary>
internal interface IRouteEndpoint : IAsyncDisposable
{
    /// <summary>Delivers one record, or gives up on it.</summary>
    /// <returns>Why it was not delivered; <see langword="null"/> when it was.</returns>
    Task<string?> TryDeliverAsync(byte[] record, CancellationToken cancellationToken);
}
