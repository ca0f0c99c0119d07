using System.Reflection;
using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Package;

/// <summary>The package, built by its own script: once, or before the tests by somebody who then says where it is.</summary>
internal static class DebianPackage
{
    /// <summary>Environment variable with the path of a package that is already built.</summary>
    public const string Built = "MODULARDM_TEST_PACKAGE";
    private static readonly TimeSpan s_buildLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_packLimit = TimeSpan.FromMinutes(1);

    /// <summary>Why it cannot be built here; null when it should work.</summary>
    public static string? Unavailable { get; } = Environment.GetEnvironmentVariable(Built) is { Length: > 0 } || (File.Exists("/usr/bin/gcc") && File.Exists("/usr/include/zlib.h"))
        ? File.Exists("/usr/bin/dpkg-deb") ? null : "The package needs dpkg-deb."
        : "The package needs gcc and zlib1g-dev.";

    /// <summary>Puts the package into a folder, and a second one that differs in nothing but its higher version.</summary>
    public static async Task<(string Package, string Upgrade)> PrepareAsync(string folder)
    {
        string package = Path.Combine(folder, "modulardm.deb");
        File.Copy(Environment.GetEnvironmentVariable(Built) is { Length: > 0 } built ? built : await BuildAsync(folder), package);
        string content = Path.Combine(folder, "content");
        _ = (await Command.RunAsync(s_packLimit, "dpkg-deb", "--raw-extract", package, content)).Text;
        string control = Path.Combine(content, "DEBIAN", "control");
        await File.WriteAllLinesAsync(control, (await File.ReadAllLinesAsync(control)).Select(line => line.StartsWith("Version:", StringComparison.Ordinal) ? "Version: 99.0.0" : line));
        string upgrade = Path.Combine(folder, "modulardm-upgrade.deb");
        _ = (await Command.RunAsync(s_packLimit, "dpkg-deb", "--root-owner-group", "-Znone", "--build", content, upgrade)).Text;
        Directory.Delete(content, recursive: true);
        return (package, upgrade);
    }

    private static async Task<string> BuildAsync(string folder)
    {
        string root = typeof(DebianPackage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "RepositoryRoot").Value!;
        string output = Path.Combine(folder, "built");
        _ = (await Command.RunAsync(s_buildLimit, "env", "DEB_COMPRESSION=none", Path.Combine(root, "packaging", "build-deb.sh"), "0.1.0", output)).Text;
        return Path.Combine(output, "modulardm_0.1.0_amd64.deb");
    }
}
