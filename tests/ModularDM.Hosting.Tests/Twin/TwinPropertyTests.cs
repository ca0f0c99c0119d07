using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests.Twin;

/// <summary>What must hold for every sequence of patches and reports, not only for those somebody thought of.</summary>
public sealed class TwinPropertyTests
{
    private static readonly Gen<string> s_leaf = Gen.OneOf(
        Gen.Int[-5, 5].Select(number => $"{number}"), Gen.Const("true"), Gen.Const("null"), Gen.Const("\"refreshing\""), Gen.Const("\"text\""), Gen.Const("[1,2]"));

    private static readonly Gen<string> s_section = Gen.OneOf(
        s_leaf,
        Object(OneOf("a", "b", "c"), Gen.OneOf(s_leaf, Object(OneOf("x", "y"), s_leaf))));

    private static readonly Gen<string> s_vendor = Gen.Frequency((1, s_leaf), (6, Object(OneOf("timeInfo", "fan", "unowned"), s_section)));

    private static readonly Gen<string> s_patch = Object(OneOf("windows", "contoso", "application"), s_vendor);

    private static readonly SectionName[] s_owned = [new("windows", "timeInfo"), new("windows", "fan"), new("contoso", "fan")];

    [Fact]
    public void Desired_AfterAnyPatches_IsWhatTheHubHolds() => s_patch.Array[1, 12].Sample(
        patches =>
        {
            var desired = new DesiredState(s_owned, ["windows", "modularDM"]);
            byte[] hub = "{}"u8.ToArray();
            foreach (string patch in patches)
            {
                hub = MergePatch.Apply(hub, Encoding.UTF8.GetBytes(patch));
                desired.Merge(Encoding.UTF8.GetBytes(patch), out bool fetchWhole);
                if (fetchWhole)
                {
                    desired.Replace(hub);
                }
            }

            using var document = JsonDocument.Parse(hub);
            return s_owned.All(name => IsAsTheHubHasIt(desired, document.RootElement, name));
        },
        iter: 20_000);

    [Fact]
    public void Desired_AfterAnyReplace_IsWhatTheHubHolds() => Gen.Select(s_patch, s_patch).Sample(
        (before, after) =>
        {
            var desired = new DesiredState(s_owned, ["windows", "modularDM"]);
            desired.Replace(MergePatch.Apply("{}"u8.ToArray(), Encoding.UTF8.GetBytes(before)));
            byte[] hub = MergePatch.Apply("{}"u8.ToArray(), Encoding.UTF8.GetBytes(after));
            desired.Replace(hub);
            using var document = JsonDocument.Parse(hub);
            return s_owned.All(name => IsAsTheHubHasIt(desired, document.RootElement, name));
        },
        iter: 10_000);

    [Fact]
    public void Reported_AfterAnyReportsAndLosses_IsOnTheHubWhatWasSetLast() => Gen.Select(
        Gen.Int[0, 2], Object(OneOf("a", "b", "c"), s_leaf), Gen.Int[0, 5]).Array[1, 30].Sample(
        steps =>
        {
            var reported = new ReportedState(TimeProvider.System);
            var last = new Dictionary<SectionName, string?>();
            byte[] hub = "{}"u8.ToArray();
            foreach ((int section, string body, int fate) in steps)
            {
                SectionName name = s_owned[section];
                if (fate == 0)
                {
                    reported.Remove(name);
                    last[name] = null;
                }
                else
                {
                    reported.Set(name, SectionReport.FromJson(Encoding.UTF8.GetBytes(body)), null);
                    last[name] = body;
                }

                // 1: nothing is sent; 2: sent and taken, but the answer is lost, so the twin is fetched; else: sent, taken, acknowledged.
                if (fate != 1 && reported.Take() is { } patch)
                {
                    hub = MergePatch.Apply(hub, patch.Json);
                    if (fate == 2)
                    {
                        reported.SetAcknowledged(hub, _ => true);
                    }
                    else
                    {
                        reported.Commit(patch);
                    }
                }
            }

            while (reported.Take() is { } rest)
            {
                hub = MergePatch.Apply(hub, rest.Json);
                reported.Commit(rest);
            }

            using var document = JsonDocument.Parse(hub);
            return last.All(pair => IsReported(document.RootElement, pair.Key, pair.Value));
        },
        iter: 10_000);

    private static bool IsAsTheHubHasIt(DesiredState desired, JsonElement hub, SectionName name)
    {
        // While the vendor's node is no object the device keeps what it had; there is nothing to compare.
        if (hub.TryGetProperty(name.Vendor, out JsonElement vendor) && vendor.ValueKind != JsonValueKind.Object)
        {
            return true;
        }

        bool has = vendor.ValueKind == JsonValueKind.Object && vendor.TryGetProperty(name.Section, out _);
        if (desired[name] is not { } mine)
        {
            return !has;
        }

        using var own = JsonDocument.Parse(mine);
        return has && JsonElement.DeepEquals(own.RootElement, vendor.GetProperty(name.Section));
    }

    private static bool IsReported(JsonElement hub, SectionName name, string? body)
    {
        bool has = hub.TryGetProperty(name.Vendor, out JsonElement vendor) && vendor.TryGetProperty(name.Section, out _);
        if (body is null)
        {
            return !has;
        }

        JsonObject wanted = JsonNode.Parse(body)!.AsObject();
        foreach (string member in wanted.Where(pair => pair.Value is null).Select(pair => pair.Key).ToArray())
        {
            wanted.Remove(member);
        }

        return has && JsonNode.DeepEquals(wanted, JsonNode.Parse(vendor.GetProperty(name.Section).GetRawText()));
    }

    private static Gen<string> OneOf(params string[] words) => Gen.Int[0, words.Length - 1].Select(index => words[index]);

    private static Gen<string> Object(Gen<string> name, Gen<string> value) => Gen.Select(name, value).Array[0, 4].Select(
        members => "{" + string.Join(",", members.DistinctBy(member => member.Item1).Select(member => $"\"{member.Item1}\":{member.Item2}")) + "}");
}
