using ModularDM.Configurator.Platform.Windows;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>What may be done with a node.</summary>
[Flags]
internal enum NodeAccess
{
    None = 0,
    Get = 1,
    Replace = 2,
    Add = 4,
    Delete = 8,
    Exec = 16,
}

/// <summary>A node of the simulated tree. A start value of null means that it is not there until it is added.</summary>
internal sealed record SimulatedNode(string LocUri, NodeAccess Access, CspFormat Format, string? Start, Func<string, bool>? Allows = null);

/// <summary>The nodes that the areas use, with the access rules and formats that Windows documents for them.</summary>
internal static class SimulatedNodes
{
    private const NodeAccess Dynamic = NodeAccess.Get | NodeAccess.Replace | NodeAccess.Add | NodeAccess.Delete;

    public static IReadOnlyDictionary<string, SimulatedNode> Leaves { get; } = ((SimulatedNode[])
    [
        Read("./DevInfo/DevId", "{2B6E9A0C-5D1F-4E0B-9C64-7A3D10F4C5E1}"),
        Read("./DevInfo/Man", "Contoso"),
        Read("./DevInfo/Mod", "Contoso Edge 100"),
        Read("./DevInfo/DmV", "1.3"),
        Read("./DevInfo/Lang", "en-US"),
        Read("./DevDetail/DevTyp", "Edge gateway"),
        Read("./DevDetail/OEM", "Contoso"),
        Read("./DevDetail/FwV", "1.4.2"),
        Read("./DevDetail/SwV", "10.0.17763.1"),
        Read("./DevDetail/HwV", "0.1"),
        Read("./DevDetail/Ext/Microsoft/OSPlatform", "IoTUAP"),
        Read("./DevDetail/Ext/Microsoft/ProcessorType", "0", CspFormat.Int),
        Read("./DevDetail/Ext/Microsoft/ProcessorArchitecture", "5", CspFormat.Int),
        Read("./DevDetail/Ext/Microsoft/RadioSwV", "Not Present"),
        Read("./DevDetail/Ext/Microsoft/Resolution", "1920x1080"),
        Read("./DevDetail/Ext/Microsoft/CommercializationOperator", "404"),
        Read("./DevDetail/Ext/Microsoft/TotalRAM", "1024", CspFormat.Int),
        Read("./DevDetail/Ext/Microsoft/TotalStorage", "14800", CspFormat.Int),
        new("./DevDetail/Ext/Microsoft/DeviceName", NodeAccess.Get | NodeAccess.Replace, CspFormat.Chr, "contoso-edge", value => value.Length is > 0 and <= 63),
        Read("./Vendor/MSFT/DeviceStatus/SecureBootState", "1", CspFormat.Int),
        Read("./Vendor/MSFT/DeviceStatus/OS/Edition", "123"),
        Read("./Vendor/MSFT/DeviceStatus/Battery/Status", "1", CspFormat.Int),
        Read("./Vendor/MSFT/DeviceStatus/Battery/EstimatedChargeRemaining", "-1", CspFormat.Int),
        Read("./Vendor/MSFT/DeviceStatus/Battery/EstimatedRuntime", "-1", CspFormat.Int),
        new(CspRebootSchedule.RebootNowNode, NodeAccess.Get | NodeAccess.Exec, CspFormat.Null, string.Empty),
        new(CspRebootSchedule.SingleNode, Dynamic, CspFormat.Chr, null, IsDateOrEmpty),
        new(CspRebootSchedule.DailyNode, Dynamic, CspFormat.Chr, null, IsDateOrEmpty),
        new(CspTelemetryArea.Node, Dynamic, CspFormat.Int, null, value => value is "0" or "1" or "2" or "3"),
    ]).ToDictionary(node => LocUri.Normalize(node.LocUri), StringComparer.Ordinal);

    /// <summary>The inner nodes, and the names directly below each.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Inner { get; } = FindInner();

    private static SimulatedNode Read(string locUri, string value, CspFormat format = CspFormat.Chr) => new(locUri, NodeAccess.Get, format, value);

    private static bool IsDateOrEmpty(string value) => value.Length == 0 || CspDate.TryParse(value, out _);

    private static Dictionary<string, IReadOnlyList<string>> FindInner()
    {
        var inner = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (string leaf in Leaves.Keys)
        {
            string child = leaf;
            for (int slash = leaf.LastIndexOf('/'); slash > 1; slash = child.LastIndexOf('/'))
            {
                string parent = child[..slash];
                string name = child[(slash + 1)..];
                IReadOnlyList<string> names = inner.GetValueOrDefault(parent, []);
                if (!names.Contains(name))
                {
                    inner[parent] = [.. names, name];
                }

                child = parent;
            }
        }

        return inner;
    }
}
