using System.Text;
using Microsoft.Win32.SafeHandles;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Attributes;

/// <summary>Kernel attributes (sysfs, procfs) and regular files, read and written in place.</summary>
internal sealed class LinuxAttributes : IAttributeArea
{
    private const int MaxBytes = 4096;
    private const int NotFound = 2;
    private const int AccessDenied = 13;
    private const int NotPermitted = 1;
    private const int Busy = 16;
    private const int Invalid = 22;
    private const int OutOfRange = 34;
    private const int TooManyLinks = 40;
    private const int NotSupported = 95;

    public string Read(string path, OperationContext context) => context.Step("read attribute", () => Run(path, () =>
    {
        using SafeFileHandle file = NativeFile.OpenRegular(path, FileAccess.Read);
        byte[] buffer = new byte[MaxBytes + 1];
        int length = NativeFile.Read(file, buffer);
        if (length > MaxBytes)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"The attribute '{path}' is longer than {MaxBytes} bytes."));
        }

        return Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n', '\r');
    }));

    public void Write(string path, string value, OperationContext context) => context.Step("write attribute", () => Run(path, () =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        if (bytes.Length is 0 or > MaxBytes)
        {
            throw ConfiguratorException.InvalidArgument($"A value of {bytes.Length} bytes is outside 1 to {MaxBytes}.");
        }

        using SafeFileHandle file = NativeFile.OpenRegular(path, FileAccess.Write);
        NativeFile.Write(file, bytes);
        NativeFile.Truncate(file, bytes.Length);
        return true;
    }));

    private static T Run<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (IOException e)
        {
            throw new ConfiguratorException(Explain(path, e), e);
        }
    }

    private static ConfiguratorError Explain(string path, IOException e) => e.HResult switch
    {
        NotFound => new(ConfiguratorErrorCode.NotFound, $"The attribute '{path}' does not exist.", e.Message),
        AccessDenied or NotPermitted => new(ConfiguratorErrorCode.Denied, $"The kernel does not allow this use of '{path}'.", e.Message),
        TooManyLinks => new(ConfiguratorErrorCode.Denied, $"'{path}' is a symbolic link; the policy must name the file itself.", e.Message),
        0 => new(ConfiguratorErrorCode.Denied, $"'{path}' is neither a kernel attribute nor a regular file.", e.Message),
        Busy => new(ConfiguratorErrorCode.Busy, $"The device behind '{path}' is busy.", e.Message),
        Invalid or OutOfRange => new(ConfiguratorErrorCode.InvalidArgument, $"The device behind '{path}' does not accept the value.", e.Message),
        NotSupported => new(ConfiguratorErrorCode.NotSupported, $"The device behind '{path}' does not support this.", e.Message),
        _ => new(ConfiguratorErrorCode.Failed, $"The attribute '{path}' could not be used.", e.Message),
    };
}
