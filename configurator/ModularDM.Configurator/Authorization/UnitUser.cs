using System.Globalization;

namespace ModularDM.Configurator.Authorization;

/// <summary>The account that a unit runs as, by number or by name.</summary>
internal static class UnitUser
{
    /// <summary>The uid behind <paramref name="user"/> now; null when no account has that name (a dynamic user exists only while its unit runs).</summary>
    public static uint? Resolve(string user)
    {
        if (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        return FromAccounts("/etc/passwd", user) ?? FromDynamicUsers(user);
    }

    public static uint? ResolveGroup(string group) =>
        uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : FromAccounts("/etc/group", group);

    private static uint? FromAccounts(string file, string name)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        foreach (string line in File.ReadLines(file))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2 && fields[0] == name && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
            {
                return id;
            }
        }

        return null;
    }

    // systemd publishes each dynamic user as a link from its name to its number.
    private static uint? FromDynamicUsers(string name) =>
        new FileInfo($"/run/systemd/dynamic-uid/direct:{name}").LinkTarget is { } target
        && uint.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) ? id : null;
}
