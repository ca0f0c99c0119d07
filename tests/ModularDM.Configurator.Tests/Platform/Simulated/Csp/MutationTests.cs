using System.Text;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>Answers and bodies that were damaged on the way. Nothing but the own kind of error may come of them.</summary>
public sealed class MutationTests
{
    private static readonly string[] s_pieces =
    [
        "<", ">", "&", "&#0;", "&#x110000;", "&lt", "]]>", "<![CDATA[", "<!--", "<!DOCTYPE a>", "<?a?>", "<?xml version='1.0'?>", "\0", "\ud800", "\ufeff", "\uffff",
        "<Status>", "</Status>", "<Results>", "<Item><Data>", "</SyncBody>", "<CmdRef>99999999999999999999</CmdRef>", "<Data>-1</Data>", " xmlns:a='b'", "a:", "<Atomic>", "'", "\"",
    ];

    [Fact]
    public void Answer_Damaged_IsReadOrRefused()
    {
        string[] samples = [.. Requests().Select(request => new BodyRunner(new CspTree(NodeTables.LoadOwn())).Run(request))];
        (int read, int refused) = Damage(samples, LongTests.Count(10_000, 1_000_000), text => SyncMlResponse.Parse(text));
        Assert.True(read > 100 && refused > 100, $"{read} were read, {refused} refused");
    }

    [Fact]
    public void Body_Damaged_IsAnsweredOrRefused()
    {
        var runner = new BodyRunner(new CspTree(NodeTables.LoadOwn()));
        (int read, int refused) = Damage([.. Requests()], LongTests.Count(5_000, 200_000), text => SyncMlResponse.Parse(runner.Run(text)));
        Assert.True(read > 100 && refused > 100, $"{read} were read, {refused} refused");
    }

    private static (int Read, int Refused) Damage(string[] samples, int times, Action<string> read)
    {
        var random = new Random(7);
        (int sound, int refused) = (0, 0);
        for (int i = 0; i < times; i++)
        {
            string text = Mutate(samples[random.Next(samples.Length)], random);
            try
            {
                read(text);
                sound++;
            }
            catch (ConfiguratorException e)
            {
                Assert.Equal("syncml", e.Error.Detail);
                refused++;
            }
        }

        return (sound, refused);
    }

    private static string Mutate(string sample, Random random)
    {
        var text = new StringBuilder(sample);
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(text.Length);
            int length = Math.Min(random.Next(1, 40), text.Length - at);
            switch (random.Next(6))
            {
                case 0:
                    text[at] = (char)random.Next(0x10000);
                    break;
                case 1 when text.Length > 100:
                    text.Length = at + 1;
                    break;
                case 2:
                    text.Insert(at, s_pieces[random.Next(s_pieces.Length)]);
                    break;
                case 3 when text.Length > 100:
                    text.Remove(at, length);
                    break;
                case 4:
                    text.Insert(random.Next(text.Length), text.ToString(at, length));
                    break;
                default:
                    text[at] = (char)random.Next(0x20, 0x7f);
                    break;
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Requests()
    {
        var request = new SyncMlRequest();
        request.Get("./DevInfo/Man");
        request.Add("./Vendor/MSFT/WiFi/Profile/a%20b/WlanXml", CspFormat.Chr, "<WLANProfile/>");
        request.Get("./Vendor/MSFT/WiFi/Profile", CspList.StructData);
        yield return request.Build();
        request = new SyncMlRequest();
        request.Atomic(inside =>
        {
            inside.Replace("./Vendor/MSFT/Policy/Config/System/AllowTelemetry", CspFormat.Int, "1");
            inside.Delete("./Vendor/MSFT/Reboot/Schedule/Single");
        });
        request.Exec("./Vendor/MSFT/Reboot/RebootNow");
        yield return request.Build();
        request = new SyncMlRequest();
        request.Get("./DevInfo/Nothing");
        yield return request.Build();
    }
}
