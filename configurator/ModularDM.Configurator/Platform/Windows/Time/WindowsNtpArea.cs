using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.Win32;

namespace ModularDM.Configurator.Platform.Windows.Time;

/// <summary>The servers of the Windows time service: what <c>w32tm /config /manualpeerlist</c> writes, without a child process.</summary>
internal sealed class WindowsNtpArea(IWin32Registry registry, IWin32Services services) : INtpArea
{
    internal const string Key = @"SYSTEM\CurrentControlSet\Services\W32Time\Parameters";

    // Client mode, as w32tm gives each server that is named without flags.
    private const string Flags = ",0x8";

    public string Read(OperationContext context) => context.Step("read time servers", () => registry.Read(Key, "NtpServer")) is { } servers
        ? string.Join(' ', servers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(server => server.Split(',')[0]))
        : string.Empty;

    public void Set(string server, OperationContext context)
    {
        context.Step("write time servers", () =>
        {
            registry.Write(Key, "NtpServer", string.Join(' ', server.Split(' ').Select(name => name + Flags)));
            registry.Write(Key, "Type", "NTP");
        });
        // One that does not run reads it when it starts.
        if (services.Query(WindowsTimeServiceArea.Service).Phase == ServiceState.Running)
        {
            context.Step("tell time service", () => services.ParametersChanged(WindowsTimeServiceArea.Service));
        }
    }
}
