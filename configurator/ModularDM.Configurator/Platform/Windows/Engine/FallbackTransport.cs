using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>Asks the first engine; once that says that this Windows does not have it, the second from then on.</summary>
internal sealed class FallbackTransport(ICspTransport first, ICspTransport second) : ICspTransport, IDisposable
{
    private volatile ConfiguratorException? _why;

    public string Apply(string syncBody, TimeSpan limit)
    {
        if (_why is null)
        {
            try
            {
                return first.Apply(syncBody, limit);
            }
            catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotSupported)
            {
                _why = e;
            }
        }

        try
        {
            return second.Apply(syncBody, limit);
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotSupported)
        {
            throw new ConfiguratorException(
                new ConfiguratorError(ConfiguratorErrorCode.NotSupported, $"{_why.Message} And the other way: {e.Message}", _why.Error.Detail), e);
        }
    }

    public void Dispose()
    {
        (first as IDisposable)?.Dispose();
        (second as IDisposable)?.Dispose();
    }
}
