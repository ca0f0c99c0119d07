using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Configurator.Platform.Linux.Systemd;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>The servers of systemd-timesyncd, by a drop-in of our own.</summary>
internal sealed class LinuxNtp : INtpArea
{
    private const int MaxServers = 16;
    private const int MaxServerLength = 253;
    private readonly ConfigurationFile _dropIn = new("/etc/systemd/timesyncd.conf.d/50-modulardm.conf");

    public string Read(OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        return ReadRunning(bus) ?? context.Step("read timesyncd.conf", () => FileFailures.Run("Reading the NTP configuration", () => TimeSyncConfiguration.ReadServers("/")));
    }

    public void Set(string server, OperationContext context)
    {
        string[] servers = Split(server);
        using SystemBus bus = SystemBus.Open(context);
        var manager = new ServiceManager(bus);
        string unit = FileFailures.Run("Reading ntp-units.d", () => NtpUnit.Find(manager));
        if (unit != NtpUnit.TimeSync)
        {
            throw ConfiguratorException.NotSupported($"The clock is kept by {unit} here; servers can be set for {NtpUnit.TimeSync} only.", unit);
        }

        string wanted = string.Join(' ', servers);
        context.Step("write 50-modulardm.conf", () => FileFailures.Run("Writing the NTP configuration", () => _dropIn.Write(TimeSyncConfiguration.Render(wanted))));
        manager.TryRestart(unit);
        string now = ReadRunning(bus) ?? FileFailures.Run("Reading the NTP configuration", () => TimeSyncConfiguration.ReadServers("/"));
        if (now != wanted)
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Conflict, "The NTP servers were written, and another file in timesyncd.conf.d has the last word.", "SystemNTPServers differs"));
        }
    }

    internal static string[] Split(string server)
    {
        string[] servers = server.Split(' ');
        if (servers.Length > MaxServers)
        {
            throw ConfiguratorException.InvalidArgument($"{servers.Length} NTP servers were given; at most {MaxServers} are accepted.");
        }

        foreach (string one in servers)
        {
            if (!IsHost(one))
            {
                throw ConfiguratorException.InvalidArgument("An NTP server is a host name or an address; several are separated by one space.");
            }
        }

        return servers;
    }

    // No character that means anything in a unit file: neither % nor line breaks nor quotes.
    private static bool IsHost(string name)
    {
        if (name.Length is 0 or > MaxServerLength || name[0] is '-' or '.')
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or ':' or '_'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What the service itself says; null when it does not run. It is not started for the question.</summary>
    private static string? ReadRunning(SystemBus bus)
    {
        try
        {
            return string.Join(' ', bus.Get(DBusObject.TimeSync, "SystemNTPServers", "as", reader => reader.Strings(), startService: false));
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotSupported)
        {
            return null;
        }
    }
}
