using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Tests.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>Any condition over any twin decides as a plain reading of the rules does: one that parses the whole twin and has boxes for values.</summary>
public sealed class QueryPropertyTests
{
    private static readonly object Undefined = new();
    private static readonly DateTimeOffset Now = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    // A condition as text, and what it should give.
    private sealed record Sample(string Text, Func<JsonElement, object?> Value);

    private static readonly string[] Names = ["a", "b", "c", "dd", "[[é]]", "[[q\"uote]]", "[[new\nline]]", "[[\\]]", "[[in]]"];

    private static readonly Gen<Sample> Path = Gen.Int[0, Names.Length - 1].Array[1, 3].Select(at => new Sample(
        "tags." + string.Join('.', at.Select(i => Names[i])),
        tags => Find(tags, at.Select(i => Names[i].Trim('[', ']')))));

    private static readonly Gen<Sample> Literal = Gen.OneOf(
        Gen.Int[-3, 3].Select(n => new Sample(n.ToString(CultureInfo.InvariantCulture), _ => (double)n)),
        Gen.Const(new Sample("1.5", _ => 1.5)),
        Gen.Const(new Sample("'x'", _ => "x")),
        Gen.Const(new Sample("\"ü\"", _ => "ü")),
        Gen.Const(new Sample("''", _ => "")),
        Gen.Const(new Sample("TRUE", _ => true)),
        Gen.Const(new Sample("false", _ => false)),
        Gen.Const(new Sample("null", _ => null)));

    private static readonly Gen<Sample> Operand = Gen.Frequency((3, Path), (2, Literal), (1, Gen.Select(Gen.OneOf(Path, Literal), Gen.OneOf(Path, Literal), Gen.Char["+-*/%"], Arithmetic)));

    [Fact]
    public void Where_AnyConditionOverAnyTwin_DecidesAsThePlainReadingDoes()
    {
        int held = 0;
        int all = 0;
        Gen.Select(JsonGen.Document, Condition(4)).Sample(
            (tags, condition) =>
            {
                Twin twin = TwinChange.New(Now) with { Tags = Encoding.UTF8.GetBytes(tags) };
                var item = new TwinItem(new Device(DeviceIdentity.New("d", Now), twin, 0));
                QueryStatement statement = QueryParser.Parse("SELECT * FROM devices WHERE " + condition.Text);
                bool matches = statement.Where!.Evaluate(item).IsTrue;
                using JsonDocument document = JsonDocument.Parse(tags);
                Interlocked.Add(ref held, matches ? 1 : 0);
                Interlocked.Increment(ref all);
                return matches == condition.Value(document.RootElement) is true;
            },
            iter: 5000);
        Assert.InRange(held, all / 10, all * 9 / 10);
    }

    [Fact]
    public void Where_TenThousandTwins_IsDecidedQuickly()
    {
        string filler = string.Join(',', Enumerable.Range(0, 30).Select(i => $"\"member{i}\":\"A value of usual length, number {i}\""));
        byte[] body = Encoding.UTF8.GetBytes($$$"""{"windows":{"w":1,{{{filler}}} },"contoso":{"c":1,{{{filler}}},"fan":{"speed":3} } }""");
        TwinSection section = TwinChange.New(Now).Reported with { Body = body };
        TwinItem[] items = [.. Enumerable.Range(0, 10_000).Select(i => new TwinItem(new Device(
            DeviceIdentity.New(string.Create(CultureInfo.InvariantCulture, $"device-{i}"), Now), TwinChange.New(Now) with { Reported = section }, 0)))];
        QueryExpression where = QueryParser.Parse("SELECT * FROM devices WHERE properties.reported.contoso.fan.speed > 3 OR status = 'disabled'").Where!;
        long best = long.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(0, items.AsParallel().AsOrdered().Count(item => where.Evaluate(item).IsTrue));
            best = Math.Min(best, Stopwatch.GetTimestamp() - start);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"10,000 twins of {body.Length} bytes: {best * 1000.0 / Stopwatch.Frequency:F1} ms");

        // The goal is 100 ms on two free cores; a busy machine may take more, and only a slip by an order of magnitude shall fail here.
        Assert.True(best < 2 * Stopwatch.Frequency, $"The best of ten runs took {best * 1000.0 / Stopwatch.Frequency:F0} ms.");
    }

    private static Gen<Sample> Condition(int depth)
    {
        Gen<Sample> simple = Gen.OneOf(
            Gen.Select(Operand, Operand, Gen.Int[0, 5], Compare),
            Gen.Select(Operand, Literal.Array[0, 3], Gen.Bool, In),
            Path.Select(p => new Sample($"IS_DEFINED({p.Text})", t => p.Value(t) != Undefined)),
            Operand);
        if (depth == 0)
        {
            return simple;
        }

        Gen<Sample> inner = Condition(depth - 1);
        return Gen.Frequency(
            (2, simple),
            (2, Gen.Select(inner, inner).Select(p => new Sample($"({p.Item1.Text}) AND {Wrap(p.Item2)}", t => p.Item1.Value(t) is true && p.Item2.Value(t) is true))),
            (2, Gen.Select(inner, inner).Select(p => new Sample($"{Wrap(p.Item1)} or ({p.Item2.Text})", t => p.Item1.Value(t) is true || p.Item2.Value(t) is true))),
            (1, inner.Select(i => new Sample($"NOT {Wrap(i)}", t => i.Value(t) is not true))));
    }

    private static string Wrap(Sample sample) => $"({sample.Text})";

    private static Sample Arithmetic(Sample left, Sample right, char sign) => new($"({left.Text} {sign} {right.Text})", tags =>
    {
        if (left.Value(tags) is not double a || right.Value(tags) is not double b)
        {
            return Undefined;
        }

        double result = sign switch { '+' => a + b, '-' => a - b, '*' => a * b, '/' => a / b, _ => a % b };
        return double.IsFinite(result) ? result : Undefined;
    });

    private static Sample Compare(Sample left, Sample right, int kind)
    {
        string sign = ((string[])["=", "!=", "<", ">", "<=", ">="])[kind];
        return new Sample($"{left.Text} {sign} {right.Text}", tags =>
        {
            object? a = left.Value(tags);
            object? b = right.Value(tags);
            if (a == Undefined || b == Undefined || a is JsonElement || b is JsonElement)
            {
                return false;
            }

            int? order = (a, b) switch { (double x, double y) => x.CompareTo(y), (string x, string y) => string.CompareOrdinal(x, y), _ => null };
            return kind switch { 0 => Equals(a, b), 1 => !Equals(a, b), 2 => order < 0, 3 => order > 0, 4 => order <= 0, _ => order >= 0 };
        });
    }

    private static Sample In(Sample value, Sample[] options, bool negated) => new(
        $"{value.Text} {(negated ? "NIN" : "IN")} [{string.Join(", ", options.Select(o => o.Text))}]",
        tags => value.Value(tags) is var v && v != Undefined && v is not JsonElement && options.Any(o => Equals(o.Value(tags), v)) != negated);

    private static object? Find(JsonElement value, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return Undefined;
            }
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.String => value.GetString(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null => null,
            _ => value.Clone(),
        };
    }
}
