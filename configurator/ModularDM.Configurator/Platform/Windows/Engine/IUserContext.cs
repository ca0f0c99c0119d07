using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>The user at the machine, in whose name nodes of <c>./User</c> are read and changed.</summary>
internal interface IUserContext
{
    /// <summary>Lets this thread act as the user until the result is disposed.</summary>
    /// <exception cref="ConfiguratorException">Nobody is signed in, or the user's name may not be used. Then nothing is done as SYSTEM instead.</exception>
    IDisposable Enter();
}
