using System.Buffers;
using System.Globalization;
using System.Text;

namespace ModularDM.Configurator.Platform.Windows.Wmi;

/// <summary>
/// Where the WMI bridge keeps a node: a class for each inner node, <c>MDM_</c>, the CSP, then each name with its depth; the instance is named by the inner node and the
/// address above it; a leaf is a property, a command a method. Only nodes whose way has no free names are known here.
/// </summary>
internal sealed record WmiNode(string ClassName, string ParentId, string InstanceId, string Leaf)
{
    private const string Vendor = "./Vendor/MSFT";

    // Those that the areas use. Profiles, certificates and apps have names that are free.
    private static readonly string[] s_served =
    [
        Vendor + "/Reboot", Vendor + "/Reboot/Schedule", Vendor + "/RemoteWipe", Vendor + "/HealthAttestation", "./DevDetail/Ext",
        Vendor + "/Policy/Config/*", Vendor + "/Policy/Result/*",
    ];

    private static readonly SearchValues<char> s_letters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public string Method => Leaf + "Method";

    /// <param name="locUri">An address in the short spelling.</param>
    /// <returns>Null when the bridge is not known to have it.</returns>
    public static WmiNode? Of(string locUri)
    {
        int slash = locUri.LastIndexOf('/');
        string inner = slash > 0 ? locUri[..slash] : string.Empty;
        string leaf = locUri[(slash + 1)..];
        int above = inner.LastIndexOf('/');
        if (leaf.Length == 0 || leaf.Contains('?', StringComparison.Ordinal) || above <= 0 || !IsServed(inner, above))
        {
            return null;
        }

        string root = inner.StartsWith(Vendor + "/", StringComparison.Ordinal) ? Vendor : ".";
        string[] names = inner[(root.Length + 1)..].Split('/');
        var className = new StringBuilder("MDM_").Append(names[0]);
        for (int depth = 1; depth < names.Length; depth++)
        {
            className.Append(CultureInfo.InvariantCulture, $"_{names[depth]}{depth:00}");
        }

        return new WmiNode(className.ToString(), inner[..above], inner[(above + 1)..], leaf);
    }

    // An area of policies is letters alone: what it is put into is a query.
    private static bool IsServed(string inner, int above) =>
        s_served.Contains(inner) || (s_served.Contains(inner[..above] + "/*") && inner.AsSpan(above + 1) is { IsEmpty: false } area && !area.ContainsAnyExcept(s_letters));
}
