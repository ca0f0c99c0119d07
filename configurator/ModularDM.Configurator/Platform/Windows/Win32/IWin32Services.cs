namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <summary>The boundary to the service control manager.</summary>
internal interface IWin32Services
{
    /// <exception cref="Contracts.Configurator.ConfiguratorException">There is no such service, or it cannot be asked.</exception>
    ServiceState Query(string service);

    void SetStart(string service, ServiceStart start);

    /// <summary>Returns once Windows has taken the order; <see cref="Query"/> says when it is done.</summary>
    void Start(string service);

    /// <inheritdoc cref="Start"/>
    void Stop(string service);

    /// <summary>Tells a running service that its settings have changed.</summary>
    void ParametersChanged(string service);
}

/// <summary>How a service starts, with Windows' numbers.</summary>
internal enum ServiceStart
{
    Automatic = 2,
    Manual = 3,
    Disabled = 4,
}

/// <param name="Start">How it starts.</param>
/// <param name="Phase">1 stopped, 2 starting, 3 stopping, 4 running, others on the way between.</param>
internal sealed record ServiceState(ServiceStart Start, int Phase)
{
    public const int Stopped = 1;
    public const int Running = 4;
}
