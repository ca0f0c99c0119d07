using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux;

/// <summary>What the file system says, as errors of the configurator.</summary>
internal static class FileFailures
{
    public static void Run(string what, Action action) => Run(what, () =>
    {
        action();
        return true;
    });

    public static T Run<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Denied, $"{what}: the file system does not allow it.", e.Message), e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.NotFound, $"{what}: it does not exist.", e.Message), e);
        }
        catch (IOException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{what} failed.", e.Message), e);
        }
    }
}
