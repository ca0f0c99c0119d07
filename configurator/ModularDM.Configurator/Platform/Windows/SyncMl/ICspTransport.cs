namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Something that applies SyncML to this device.</summary>
internal interface ICspTransport
{
    /// <summary>Applies a <c>SyncBody</c> and returns the whole answer.</summary>
    /// <exception cref="Contracts.Configurator.ConfiguratorException">The engine could not be asked, or did not answer within the limit.</exception>
    string Apply(string syncBody, TimeSpan limit);
}
