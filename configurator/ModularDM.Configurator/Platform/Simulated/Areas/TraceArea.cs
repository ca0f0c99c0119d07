using System.Globalization;
using System.Text;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>
/// DiagnosticLog: collectors that are started and stopped, and the log of the last run, which is read in blocks. What stands for the log is a text; it names the
/// providers that ran, with one line a second for each, up to 256 KiB.
/// </summary>
internal sealed class TraceArea(DeviceWork work) : SimulatedArea
{
    private const string Collectors = "./Vendor/MSFT/DiagnosticLog/EtwLog/Collectors";
    private const string Channels = "./Vendor/MSFT/DiagnosticLog/FileDownload/DMChannel";
    private const string Collector = Collectors + "/{*}";
    private const string Channel = Channels + "/{*}";
    private const int MaxLogBytes = 256 * 1024;

    public override IReadOnlyList<string> Addresses { get; } =
    [
        Collector, Collector + "/TraceControl", Collector + "/Providers/{*}", Channel + "/BlockSizeKB", Channel + "/BlockIndexToRead", Channel + "/BlockData",
    ];

    public override CspOutcome? OnSet(CspCall call)
    {
        switch (call.Node.Name)
        {
            case "BlockSizeKB":
                Divide(call.Tree, call.Names[0]);
                return null;
            case "BlockIndexToRead":
                return Number(call.Tree.Value(call.Beside("BlockCount"))) > Number(call.Data) ? null : new CspOutcome(SyncMlStatus.BadRequest);
            default:
                // Names of providers are GUIDs.
                return call.Names.Count < 2 || Guid.TryParse(call.Names[1], out _) ? null : new CspOutcome(SyncMlStatus.BadRequest);
        }
    }

    public override CspOutcome? OnGet(CspCall call)
    {
        if (call.Node.Name != "BlockData")
        {
            return null;
        }

        byte[] log = LogOf(call.Tree, call.Names[0]);
        int size = BlockBytes(call.Tree, call.Names[0]);
        long start = Number(call.Tree.Value(call.Beside("BlockIndexToRead"))) * size;
        return start >= log.Length
            ? new CspOutcome(SyncMlStatus.NotFound)
            : new CspOutcome(SyncMlStatus.Ok, Convert.ToBase64String(log, (int)start, (int)Math.Min(size, log.Length - start)));
    }

    public override CspOutcome? OnExec(CspCall call)
    {
        string name = call.Names[0];
        string status = call.Beside("TraceStatus");
        bool running = call.Tree.Value(status) == "1";
        switch (call.Data)
        {
            case "START":
                if (!running)
                {
                    call.Tree.Set(status, "1");
                    call.Tree.Memorize($"trace.since:{name}", CspMoment.Format(work.Clock.GetUtcNow()));
                }

                return null;
            case "STOP":
                if (running)
                {
                    call.Tree.Set(status, "0");
                    Keep(call.Tree, name);
                }

                return null;
            default:
                return new CspOutcome(SyncMlStatus.BadRequest);
        }
    }

    public override CspOutcome? OnDelete(CspCall call)
    {
        if (call.Names.Count == 1 && call.Node.Definition.IsDynamic)
        {
            call.Tree.Memorize($"trace.since:{call.Names[0]}", null);
            call.Tree.Memorize($"trace.log:{call.Names[0]}", null);
            call.Tree.Remove(LocUri.Combine(Channels, call.Names[0]));
        }

        return null;
    }

    private void Keep(CspTree tree, string name)
    {
        string collector = LocUri.Combine(Collectors, name);
        DateTimeOffset now = work.Clock.GetUtcNow();
        string since = tree.Memory($"trace.since:{name}") ?? CspMoment.Format(now);
        var log = new StringBuilder($"simulated trace of {name} from {since} to {CspMoment.Format(now)}\n");
        var seconds = (long)(now - DateTimeOffset.Parse(since, CultureInfo.InvariantCulture)).TotalSeconds;
        foreach (string provider in tree.Names($"{collector}/Providers"))
        {
            string place = LocUri.Combine($"{collector}/Providers", provider);
            if (tree.Value($"{place}/State") == "false")
            {
                continue;
            }

            string line = $"{provider} level {tree.Value($"{place}/TraceLevel")} keywords {tree.Value($"{place}/Keywords")}\n";
            // One event a second for each provider, and one for its start.
            for (long i = 0; i <= seconds && log.Length + line.Length <= MaxLogBytes; i++)
            {
                log.Append(line);
            }
        }

        tree.Memorize($"trace.log:{name}", log.ToString());
        tree.Set($"{LocUri.Combine(Channels, name)}/BlockIndexToRead", "0");
        Divide(tree, name);
    }

    private static void Divide(CspTree tree, string name)
    {
        int size = BlockBytes(tree, name);
        tree.Set($"{LocUri.Combine(Channels, name)}/BlockCount", ((LogOf(tree, name).Length + size - 1) / size).ToString(CultureInfo.InvariantCulture));
    }

    private static byte[] LogOf(CspTree tree, string name) => Encoding.UTF8.GetBytes(tree.Memory($"trace.log:{name}") ?? string.Empty);

    private static int BlockBytes(CspTree tree, string name) => Math.Clamp((int)Number(tree.Value($"{LocUri.Combine(Channels, name)}/BlockSizeKB")), 1, 16) * 1024;

    private static long Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
}
