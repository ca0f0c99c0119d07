using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>An engine that applies SyncML to the simulated tree, with the access rules, formats and status codes that Windows has.</summary>
internal sealed class SimulatedCspTransport(SimulatedDevice device, SimulatedFaults faults, TimeProvider clock) : ICspTransport
{
    private static readonly string[] s_verbs = ["Get", "Replace", "Add", "Delete", "Exec"];

    /// <summary>Called when a node is executed; the name is the node's address.</summary>
    public Action<string>? Executed { get; set; }

    public string Apply(string syncBody, TimeSpan limit)
    {
        XElement body;
        try
        {
            body = SyncMlXml.Parse(syncBody);
        }
        catch (XmlException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"The engine cannot read the SyncML: {e.Message}", "syncml"), e);
        }

        long started = clock.GetTimestamp();
        var answer = new StringBuilder(256);
        using (var xml = XmlWriter.Create(answer, new XmlWriterSettings { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.Entitize }))
        {
            xml.WriteStartElement("SyncML", "SYNCML:SYNCML1.2");
            xml.WriteElementString("SyncHdr", string.Empty);
            xml.WriteStartElement("SyncBody");
            int id = 1;
            WriteStatus(xml, id++, 0, "SyncHdr", SyncMlStatus.Ok);
            foreach (XElement command in body.Elements())
            {
                if (command.Name.LocalName != "Final")
                {
                    id = Answer(xml, id, command, () => limit - clock.GetElapsedTime(started));
                }
            }

            xml.WriteElementString("Final", string.Empty);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return answer.ToString();
    }

    private int Answer(XmlWriter xml, int id, XElement command, Func<TimeSpan> remaining)
    {
        string verb = command.Name.LocalName;
        if (!int.TryParse(command.Child("CmdID")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int reference) || !s_verbs.Contains(verb))
        {
            WriteStatus(xml, id, reference, verb, SyncMlStatus.BadRequest);
            return id + 1;
        }

        foreach (XElement item in command.Children("Item"))
        {
            string locUri = item.Child("Target").Child("LocURI")?.Value ?? string.Empty;
            Outcome outcome = FaultOn(locUri, remaining) is { } fault ? new Outcome(fault) : Do(verb, locUri, item);
            WriteStatus(xml, id++, reference, verb, outcome.Status);
            if (outcome.Data is { } data)
            {
                WriteResult(xml, id++, reference, locUri, outcome.Format, data);
            }
        }

        return id;
    }

    private int? FaultOn(string locUri, Func<TimeSpan> remaining)
    {
        if (faults.For(locUri) is not { } fault)
        {
            return null;
        }

        if (fault.DelayMs > 0)
        {
            TimeSpan delay = TimeSpan.FromMilliseconds(fault.DelayMs);
            TimeSpan left = remaining();
            // The engine itself cannot be interrupted; whoever waits for it has a limit.
            Task.Delay(delay < left ? delay : left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, CancellationToken.None).GetAwaiter().GetResult();
            if (delay >= left)
            {
                throw ConfiguratorException.Timeout($"SyncML on {locUri}", delay);
            }
        }

        return fault.Status;
    }

    private Outcome Do(string verb, string locUri, XElement item)
    {
        string key = LocUri.Normalize(locUri);
        if (SimulatedNodes.Inner.TryGetValue(key, out IReadOnlyList<string>? children))
        {
            return verb == "Get"
                ? new Outcome(SyncMlStatus.Ok, string.Join('/', children.Select(LocUri.EscapeSegment)), CspFormat.Node)
                : new Outcome(SyncMlStatus.NotAllowed);
        }

        if (!SimulatedNodes.Leaves.TryGetValue(key, out SimulatedNode? node))
        {
            return new Outcome(SyncMlStatus.NotFound);
        }

        if (!node.Access.HasFlag(Enum.Parse<NodeAccess>(verb)))
        {
            return new Outcome(SyncMlStatus.NotAllowed);
        }

        string? value = ValueOf(key, node);
        switch (verb)
        {
            case "Get":
                return value is null ? new Outcome(SyncMlStatus.NotFound) : new Outcome(SyncMlStatus.Ok, value, node.Format);
            case "Delete":
                return value is null ? new Outcome(SyncMlStatus.NotFound) : Store(key, null);
            case "Exec":
                Executed?.Invoke(node.LocUri);
                return new Outcome(SyncMlStatus.Ok);
            case "Add" when value is not null:
                return new Outcome(SyncMlStatus.AlreadyExists);
            default:
                return Write(key, node, item);
        }
    }

    private Outcome Write(string key, SimulatedNode node, XElement item)
    {
        string format = item.Child("Meta").Child("Format")?.Value.Trim() ?? "chr";
        if (!string.Equals(format, node.Format.ToString(), StringComparison.OrdinalIgnoreCase))
        {
            return new Outcome(SyncMlStatus.BadFormat);
        }

        string data = item.Child("Data")?.Value ?? string.Empty;
        if (node.Format == CspFormat.Int && !int.TryParse(data, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return new Outcome(SyncMlStatus.BadFormat);
        }

        if (node.Allows?.Invoke(data) == false)
        {
            return new Outcome(SyncMlStatus.BadRequest);
        }

        // An empty schedule is no schedule.
        return Store(key, data.Length == 0 && node.Access.HasFlag(NodeAccess.Delete) ? null : data);
    }

    private string? ValueOf(string key, SimulatedNode node) => device.Current.Nodes.TryGetValue(key, out string? stored) ? stored : node.Start;

    private Outcome Store(string key, string? value)
    {
        device.Update(state => state with { Nodes = new Dictionary<string, string?>(state.Nodes) { [key] = value } });
        return new Outcome(SyncMlStatus.Ok);
    }

    private static void WriteStatus(XmlWriter xml, int id, int reference, string verb, int status)
    {
        xml.WriteStartElement("Status");
        Write(xml, "CmdID", id);
        Write(xml, "MsgRef", 1);
        Write(xml, "CmdRef", reference);
        xml.WriteElementString("Cmd", verb);
        Write(xml, "Data", status);
        xml.WriteEndElement();
    }

    private static void WriteResult(XmlWriter xml, int id, int reference, string locUri, CspFormat format, string data)
    {
        xml.WriteStartElement("Results");
        Write(xml, "CmdID", id);
        Write(xml, "MsgRef", 1);
        Write(xml, "CmdRef", reference);
        xml.WriteStartElement("Item");
        xml.WriteStartElement("Source");
        xml.WriteElementString("LocURI", locUri);
        xml.WriteEndElement();
        xml.WriteStartElement("Meta");
        xml.WriteElementString("Format", "syncml:metinf", format.ToString().ToLowerInvariant());
        xml.WriteEndElement();
        xml.WriteElementString("Data", data);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Write(XmlWriter xml, string name, int value) => xml.WriteElementString(name, value.ToString(CultureInfo.InvariantCulture));

    private readonly record struct Outcome(int Status, string? Data = null, CspFormat Format = CspFormat.Chr);
}
