using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>What must hold for each node of each table.</summary>
public sealed class EveryNodeTests
{
    private static readonly string[] s_verbs = ["Get", "Replace", "Add", "Delete", "Exec"];
    private readonly List<string> _broken = [];
    private int _checks;

    [Fact]
    public void Node_OfTheDescriptions_KeepsItsRules() => CheckAll(CspFullSchema.Load(), SharedCsp.IsThere ? 5700 : 5);

    [Fact]
    public void Node_OfTheOwnTable_KeepsItsRules() => CheckAll(NodeTables.LoadOwn(), 250);

    private void CheckAll(CspSchema schema, int atLeast)
    {
        CspNodeDefinition[] nodes = [.. schema.All.Where(node => node.Parent is not null)];
        foreach (CspNodeDefinition node in nodes)
        {
            CheckVerbs(schema, node);
            CheckValues(schema, node);
            CheckAtomic(schema, node);
        }

        Assert.Empty(_broken);
        Assert.True(nodes.Length >= atLeast, $"only {nodes.Length} nodes");
        Assert.True(_checks >= 8 * nodes.Length, $"only {_checks} checks of {nodes.Length} nodes");
    }

    private void CheckVerbs(CspSchema schema, CspNodeDefinition node)
    {
        string address = CspValues.AddressOf(node);
        CspNodeTraits traits = node.Traits;
        string format = CspFormats.NameOf(traits.Format);
        string? legal = CspValues.Legal(traits);
        CspTester tester = With(schema, node, legal);
        foreach (string verb in s_verbs.Where(verb => !traits.Access.HasFlag(Enum.Parse<NodeAccess>(verb))))
        {
            Expect(405, tester, verb, address, format, legal);
        }

        if (traits.Format != CspFormat.Node || node.DynamicChild is null)
        {
            Expect(404, tester, "Get", $"{address}/NothingOfThisName");
        }

        if (traits.Access.HasFlag(NodeAccess.Get))
        {
            Expect(200, tester, "Get", address);
            if (traits.Format != CspFormat.Node && legal is not null)
            {
                Check(tester.Do("Get", address).Data == legal, $"Get {address} brings another value");
            }
        }

        if (traits.Access.HasFlag(NodeAccess.Exec))
        {
            Expect(200, tester, "Exec", address);
        }

        if (traits.Access.HasFlag(NodeAccess.Delete))
        {
            bool stays = traits.IsPermanent || (node.IsDynamic && traits.MinOccurs > 0 && traits.MaxOccurs != 1);
            Expect(stays ? 405 : 200, tester, "Delete", address);
            Check(tester.Tree.Find(address) is null == !stays, $"Delete {address} left the wrong thing");
            if (!stays)
            {
                Expect(404, tester, "Delete", address);
            }
        }
    }

    private void CheckValues(CspSchema schema, CspNodeDefinition node)
    {
        string address = CspValues.AddressOf(node);
        CspNodeTraits traits = node.Traits;
        string format = CspFormats.NameOf(traits.Format);
        string? legal = CspValues.Legal(traits);
        CspTester tester = With(schema, node.Parent!, null);
        string verb = traits.Access.HasFlag(NodeAccess.Add) && !node.ExistsByItself ? "Add" : "Replace";
        if (!traits.Access.HasFlag(Enum.Parse<NodeAccess>(verb)))
        {
            return;
        }

        if (verb == "Replace" && tester.Tree.Find(address) is null)
        {
            tester = With(schema, node, legal);
        }

        Expect(415, tester, verb, address, traits.Format == CspFormat.Float ? "time" : "float", legal);
        Expect(415, tester, verb, address, "nonsense", legal);
        if (traits.Format is not CspFormat.Chr)
        {
            Expect(415, tester, verb, address, format, "<not of this format");
        }

        if (CspValues.Bad(traits) is { } bad)
        {
            Expect(400, tester, verb, address, format, bad);
        }

        if (legal is null)
        {
            return;
        }

        Expect(200, tester, verb, address, format, legal);
        if (traits.Access.HasFlag(NodeAccess.Add))
        {
            Expect(418, tester, "Add", address, format, legal);
        }

        Check(traits.Format == CspFormat.Node || tester.Tree.Value(address) == legal, $"{verb} {address} was not kept");
        Check(new CspTree(schema, tester).Value(address) == tester.Tree.Value(address), $"{address} is another after a restart");
    }

    private void CheckAtomic(CspSchema schema, CspNodeDefinition node)
    {
        string address = CspValues.AddressOf(node);
        string? legal = CspValues.Legal(node.Traits);
        NodeAccess access = node.Traits.Access;
        string? verb = access.HasFlag(NodeAccess.Add) && !node.ExistsByItself ? "Add" : access.HasFlag(NodeAccess.Replace) ? "Replace" : null;
        if (verb is null || legal is null)
        {
            return;
        }

        CspTester tester = With(schema, verb == "Add" ? node.Parent! : node, verb == "Add" ? null : legal);
        (string? value, string names) before = (tester.Tree.Value(address), string.Join('/', tester.Tree.Names(CspValues.AddressOf(node.Parent!))));
        var request = new SyncMlRequest();
        (int changed, int failed, int behind) = (0, 0, 0);
        int atomic = request.Atomic(inside =>
        {
            changed = verb == "Add" ? inside.Add(address, node.Traits.Format, legal) : inside.Replace(address, node.Traits.Format, legal);
            failed = inside.Delete("./NothingOfThisName");
            behind = inside.Exec("./NothingOfThisName");
        });
        SyncMlResponse answer = SyncMlResponse.Parse(new BodyRunner(tester.Tree).Run(request.Build()));
        int[] found = [answer.StatusOf(atomic), answer.StatusOf(changed), answer.StatusOf(failed), answer.StatusOf(behind)];
        Check(found is [507, 216, 404, 215], $"Atomic on {address} was answered with {string.Join(' ', found)}");
        Check(
            before == (tester.Tree.Value(address), string.Join('/', tester.Tree.Names(CspValues.AddressOf(node.Parent!)))),
            $"Atomic on {address} left something");
    }

    private static CspTester With(CspSchema schema, CspNodeDefinition node, string? value)
    {
        var tester = new CspTester(schema);
        if (node.Parent is not null)
        {
            tester.Tree.Change(tree => tree.Set(CspValues.AddressOf(node), node.Traits.Format == CspFormat.Node ? null : value));
        }

        return tester;
    }

    private void Expect(int status, CspTester tester, string verb, string address, string? format = null, string? data = null)
    {
        int found = tester.Status(verb, address, format, data);
        Check(found == status, $"{verb} {address} {format} '{data}' gave {found}, not {status}");
    }

    private void Check(bool holds, string what)
    {
        _checks++;
        if (!holds)
        {
            _broken.Add(what);
        }
    }
}
