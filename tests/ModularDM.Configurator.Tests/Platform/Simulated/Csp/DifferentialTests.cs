using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>The same commands to two trees: one through SyncML and back, one called directly.</summary>
public sealed class DifferentialTests
{
    private const int PerBody = 50;
    private static readonly string[] s_names = ["a", "b c", "d/e", "%2F", "\u00e4\u4e2d", "<&>", "{2b6e9a0c-5d1f-4e0b-9c64-7a3d10f4c5e1}"];
    private static readonly string[] s_texts = ["", "x", "<a/>", "1", "-7", "true", "AAAA", "a\r\nb\t]]>&amp;", "\u00e4\u4e2d\U0001f600", " leading", "[1]"];

    [Fact]
    public void Answers_OfAnyCommands_AreReadBackAsTheyWereMeant()
    {
        CspSchema schema = CspFullSchema.Load();
        CspNodeDefinition[] nodes = [.. schema.All];
        var random = new Random(42);
        var asked = new CspTester(schema);
        var direct = new CspTester(schema);
        var runner = new BodyRunner(asked.Tree);
        var statuses = new Dictionary<int, int>();
        List<string> differ = [];
        for (int body = 0; body < 100_000 / PerBody; body++)
        {
            var request = new SyncMlRequest();
            Command[] commands = [.. Enumerable.Range(0, PerBody).Select(_ => Next(random, nodes))];
            int[] ids = [.. commands.Select(command => command.AddTo(request))];
            SyncMlResponse answer = SyncMlResponse.Parse(runner.Run(request.Build()));
            direct.Tree.Change(_ => Compare(commands, ids, answer));
        }

        Assert.Empty(differ);
        Assert.Equal(direct.Kept.Nodes.OrderBy(node => node.Key, StringComparer.Ordinal), asked.Kept.Nodes.OrderBy(node => node.Key, StringComparer.Ordinal));
        // Otherwise it would compare only refusals.
        Assert.All(new[] { 200, 400, 404, 405, 415, 418 }, status => Assert.True(statuses.GetValueOrDefault(status) > (SharedCsp.IsThere ? 500 : 0), $"{status} came too seldom"));

        void Compare(Command[] commands, int[] ids, SyncMlResponse answer)
        {
            for (int i = 0; i < PerBody; i++)
            {
                Command command = commands[i];
                CspOutcome outcome = direct.Do(command.Verb, LocUri.WithList(command.Address, command.List), command.FormatName, command.Data);
                statuses[outcome.Status] = statuses.GetValueOrDefault(outcome.Status) + 1;
                if (!IsSame(outcome, answer, ids[i], command))
                {
                    differ.Add($"{command} gave {answer.StatusOf(ids[i])} '{answer.ResultOf(ids[i])}', not {outcome.Status} '{outcome.Data}'");
                }
            }
        }
    }

    private static bool IsSame(CspOutcome outcome, SyncMlResponse answer, int id, Command command)
    {
        if (answer.StatusOf(id) != outcome.Status)
        {
            return false;
        }

        if (outcome.Subtree is { } nodes)
        {
            return nodes.Select(node => node.Address).SequenceEqual(answer.ItemsOf(id).Select(item => item.LocUri))
                && (command.List != CspList.Struct || answer.ItemsOf(id).All(item => item.Data is null));
        }

        return answer.ResultOf(id) == outcome.Data
            && (outcome.Data is null || answer.ItemsOf(id) is [{ } only] && only.Format == CspFormats.NameOf(outcome.Format) && only.LocUri == command.Address);
    }

    private static Command Next(Random random, CspNodeDefinition[] nodes)
    {
        CspNodeDefinition node = nodes[random.Next(nodes.Length)];
        string address = Address(node, random);
        address = random.Next(40) == 0 ? address + "/Nothing" : address;
        string verb = random.Next(5) switch { 0 => "Get", 1 => "Replace", 2 => "Delete", 3 => "Exec", _ => "Add" };
        CspFormat format = random.Next(8) == 0 ? (CspFormat)random.Next(11) : node.Traits.Format;
        string? data = random.Next(3) == 0 ? s_texts[random.Next(s_texts.Length)] : CspValues.Legal(node.Traits);
        return new Command(verb, address, format, data, verb == "Get" && random.Next(20) == 0 && node.Parent?.Parent is not null ? (CspList)random.Next(3) : CspList.None);
    }

    private static string Address(CspNodeDefinition node, Random random) => node.Parent is null
        ? "."
        : $"{Address(node.Parent, random)}/{LocUri.EscapeSegment(node.IsDynamic ? s_names[random.Next(s_names.Length)] : node.Name)}";

    private sealed record Command(string Verb, string Address, CspFormat Format, string? Data, CspList List)
    {
        public string? FormatName => Verb is "Get" or "Delete" || (Verb == "Exec" && Data is null) ? null : CspFormats.NameOf(Format);

        public int AddTo(SyncMlRequest request) => Verb switch
        {
            "Get" => request.Get(Address, List),
            "Replace" => request.Replace(Address, Format, Data),
            "Delete" => request.Delete(Address),
            "Exec" => request.Exec(Address, Data, Format),
            _ => request.Add(Address, Format, Data),
        };
    }
}
