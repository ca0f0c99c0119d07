using System.Runtime.Versioning;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.Files;
using ModularDM.Configurator.Platform.Linux.Tools;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>
/// Real programs below the state folder: a path of the policy that lies there is used as it is, any other one is looked for below <c>tools/</c>.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SimulatedToolArea(string folder, SimulatedFaults faults) : IToolArea
{
    private readonly LinuxTools _tools = new();

    public ToolOutput Run(GrantedTool tool, IReadOnlyList<string> arguments, OperationContext context)
    {
        faults.Apply("tools", context);
        string path = SimulatedPath.Of(folder, "tools", tool.Path);
        return _tools.Run(tool with { Path = path, WorkingFolder = Path.GetDirectoryName(path)! }, arguments, context);
    }
}

/// <summary>Real files below the state folder, likewise below <c>files/</c>; they stay with the account that runs the simulation.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SimulatedFileArea(string folder, SimulatedFaults faults) : IFileArea
{
    private readonly LinuxFiles _files = new();

    public void Write(GrantedFile file, ReadOnlyMemory<byte> contents, OperationContext context)
    {
        faults.Apply("files", context);
        GrantedFile mapped = file with { Folder = SimulatedPath.Of(folder, "files", file.Folder), Owner = null, Group = null };
        if (mapped.Folder != file.Folder)
        {
            // A device of its own has the folders that a policy names.
            Directory.CreateDirectory(Path.GetDirectoryName(mapped.Path)!);
        }

        _files.Write(mapped, contents, context);
    }
}

/// <summary>Where a path of the device lies in the simulation.</summary>
internal static class SimulatedPath
{
    public static string Of(string stateFolder, string part, string path)
    {
        string root = Path.GetFullPath(stateFolder) + Path.DirectorySeparatorChar;
        string full = Path.GetFullPath(path);
        return full.StartsWith(root, StringComparison.Ordinal) ? full : Path.Combine(root, part, full[Path.GetPathRoot(full)!.Length..]);
    }
}
