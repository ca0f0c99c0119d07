using System.Text.RegularExpressions;

namespace ModularDM.Architecture.Tests;

/// <summary>What no file may hold, and where an exception of any kind may be caught.</summary>
public sealed partial class SourceTests
{
    // The extensions of text that people write here. LICENSE, ModularDM.sln and the like say nothing of their own.
    private static readonly string[] s_text = [".cs", ".csproj", ".props", ".targets", ".json", ".md", ".txt", ".yml", ".yaml", ".sh", ".service", ".conf"];

    // Who may catch everything, how often, and why. Elsewhere a catch names what it expects.
    private static readonly Dictionary<string, (int Times, string Why)> s_boundaries = new(StringComparer.Ordinal)
    {
        ["host/ModularDM.Hosting/Twin/SectionWorker.cs"] = (1, "an error of our own must not leave a section pending"),
        ["host/ModularDM.Hosting/Twin/TwinEngine.cs"] = (1, "one message, however odd, must not end the twin's loop"),
        ["host/ModularDM.Hosting/Methods/MethodRouter.cs"] = (1, "a caller gets an answer, whatever happened"),
        ["host/ModularDM.Hosting/Methods/LongWork.cs"] = (1, "work after a 202 must end as something"),
        ["host/ModularDM.Hosting/Plugins/Calls/PluginCall.cs"] = (1, "plugin code: whatever it throws is that one call's failure"),
        ["host/ModularDM.Hosting/Plugins/Activation/PluginComposer.cs"] = (1, "plugin code: a constructor may throw anything; it becomes a PluginException"),
        ["host/ModularDM.Hosting/Application/DeviceHub.cs"] = (1, "the application's code: the twin's loop must outlive it"),
        ["host/ModularDM.Hosting/Hub/MqttLink.cs"] = (5, "the MQTT library ends operations with exceptions of many kinds; they become HubException"),
        ["host/ModularDM.Hosting/Hub/MethodCalls.cs"] = (1, "a method's caller gets an answer, whatever happened"),
        ["host/ModularDM.Hosting/Hub/CloudMessages.cs"] = (1, "the application's code: a message that it fails on comes again"),
        ["host/ModularDM.Hosting/Configurator/ConfiguratorConnection.cs"] = (1, "whatever ended the reading, every waiting request is told"),
        ["host/ModularDM.Hosting/Telemetry/FlightRecorder.cs"] = (1, "a span that cannot be written is counted; recording goes on"),
        ["configurator/ModularDM.Configurator/Server/Session.cs"] = (2, "root answers and lives on: one for the connection, one for the operation"),
        ["hub/ModularDM.Hub.Local/Rest/RestApi.cs"] = (1, "a service gets an error body, whatever happened"),
        ["hub/ModularDM.Hub.Local/Devices/DeviceRequests.cs"] = (1, "a device gets an answer, whatever happened"),
        ["hub/ModularDM.Hub.Local/Devices/LinkEnds.cs"] = (1, "closing a link that may be gone already"),
        ["hub/ModularDM.Hub.Local/Amqp/DeviceBoundLink.cs"] = (1, "a sender gets an outcome, whatever happened"),
        ["hub/ModularDM.Hub.Local/Jobs/JobScheduler.cs"] = (1, "a job must end as something"),
        ["hub/ModularDM.Hub.Local/Configurations/ConfigurationScheduler.cs"] = (1, "the loop must outlive one bad run"),
        ["hub/ModularDM.Hub.Local/Storage/HubStore.cs"] = (1, "whatever stopped the disk, every later write is refused"),
    };

    private static IEnumerable<string> Product => SourceTree.WithExtension(".cs").Where(file => !file.StartsWith("tests/", StringComparison.Ordinal));

    [Fact]
    public void Source_CatchesEverything_OnlyAtTheBoundaries()
    {
        string[] expected = [.. s_boundaries.Select(boundary => $"{boundary.Key}: {boundary.Value.Times}").Order(StringComparer.Ordinal)];
        string[] found =
        [
            .. Product.Select(file => (file, Times: CatchAll().Count(SourceTree.Read(file))))
                .Where(pair => pair.Times > 0).Select(pair => $"{pair.file}: {pair.Times}").Order(StringComparer.Ordinal),
        ];
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Source_CatchWithoutAType_ThrowsOn()
    {
        string[] swallowed =
        [
            .. Product.SelectMany(file => BareCatch().Matches(SourceTree.Read(file))
                .Where(match => !match.Groups["body"].Value.Contains("throw;", StringComparison.Ordinal)).Select(_ => file)),
        ];
        Assert.Empty(swallowed);
    }

    [Fact]
    public void Text_WorkPutOff_IsAnIssueAndNotAComment() => Assert.Empty(Holding(PutOff()));

    [Fact]
    public void Text_PathOfOneMachine_IsNotThere() => Assert.Empty(Holding(MachinePath()));

    [Theory]
    [InlineData("catch (Exception e)\n", 1)]
    [InlineData("catch (Exception)\n{", 1)]
    [InlineData("catch (Exception e) when (e is not HubException)", 1)]
    [InlineData("catch (Exception e) when (e is IOException or UnauthorizedAccessException)", 0)]
    [InlineData("catch (Exception e) when (cancelled)", 1)]
    [InlineData("catch (IOException e)", 0)]
    public void CatchAll_AsWritten_IsRecognised(string code, int times) => Assert.Equal(times, CatchAll().Count(code));

    private static IEnumerable<string> Holding(Regex pattern) =>
        from file in SourceTree.WithExtension(s_text)
        from line in SourceTree.Read(file).Split('\n').Select((text, at) => (text, at))
        where pattern.IsMatch(line.text)
        select $"{file}:{line.at + 1}: {line.text.Trim()}";

    [GeneratedRegex(@"catch \(Exception(?: \w+)?\)(?! when \(\w+ is (?!not\b))")]
    private static partial Regex CatchAll();

    [GeneratedRegex(@"^(?<indent> *)catch\r?\n(?<body>(?:\k<indent>[ {].*\r?\n|\r?\n)*)", RegexOptions.Multiline)]
    private static partial Regex BareCatch();

    // Written so that the pattern does not find itself.
    [GeneratedRegex(@"\b(?:TO[D]O|FIX[M]E|HA[C]K)\b")]
    private static partial Regex PutOff();

    [GeneratedRegex(@"(?<![\w.~])/(?:home|Users|root|work|mnt)/[a-z]|[A-Z]:\\+Users\\")]
    private static partial Regex MachinePath();
}
