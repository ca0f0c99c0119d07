namespace ModularDM.Configurator.Platform.Linux.DBus;

/// <summary>Where a call goes: a service, one of its objects, and the interface spoken to.</summary>
internal sealed record DBusObject(string Service, string Path, string Interface)
{
    public static DBusObject TimeDate { get; } = new("org.freedesktop.timedate1", "/org/freedesktop/timedate1", "org.freedesktop.timedate1");

    public static DBusObject TimeSync { get; } = new("org.freedesktop.timesync1", "/org/freedesktop/timesync1", "org.freedesktop.timesync1.Manager");

    public static DBusObject HostName { get; } = new("org.freedesktop.hostname1", "/org/freedesktop/hostname1", "org.freedesktop.hostname1");

    public static DBusObject Login { get; } = new("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager");

    public static DBusObject Systemd { get; } = new("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager");

    public static DBusObject Bus { get; } = new("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");
}
