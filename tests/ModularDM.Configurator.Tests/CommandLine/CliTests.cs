using ModularDM.Configurator.CommandLine;

namespace ModularDM.Configurator.Tests.CommandLine;

public sealed class CliTests
{
    [Theory]
    [InlineData(0, "allowed", "--uid", "7", "--plugin", "modulardm.time", "setTimeZone")]
    [InlineData(3, "\"operations\": [\"rebootNow\"]", "--uid", "7", "--plugin", "contoso.fancontrol", "rebootNow")]
    [InlineData(3, "uid:8", "--uid", "8", "--plugin", "modulardm.time", "setTimeZone")]
    [InlineData(0, "/sys/class/hwmon/hwmon0/pwm1", "--uid", "7", "--plugin", "contoso.fancontrol", "--attribute", "fan0.pwm", "--value", "12", "writeAttribute")]
    [InlineData(3, "pattern", "--uid", "7", "--plugin", "contoso.fancontrol", "--attribute", "fan0.pwm", "--value", "999", "writeAttribute")]
    [InlineData(0, "below './Device/Vendor/MSFT/Policy/Config/System'", "--uid", "7", "--plugin", "contoso.csp", "--loc-uri", "./Vendor/MSFT/Policy/Config/System/X", "--verb", "get", "csp")]
    [InlineData(0, "out of the audit", "--uid", "7", "--plugin", "contoso.csp", "--loc-uri", "./DevDetail/Ext/Microsoft/DeviceName", "--verb", "get", "csp")]
    [InlineData(3, "add \"exec\" to the verbs", "--uid", "7", "--plugin", "contoso.csp", "--loc-uri", "./DevInfo/Man", "--verb", "exec", "csp")]
    [InlineData(3, "\"locUri\": \"./Vendor/MSFT/WiFi\"", "--uid", "7", "--plugin", "contoso.csp", "--loc-uri", "./Vendor/MSFT/WiFi?list=Struct", "--verb", "get", "csp")]
    [InlineData(0, "/opt/contoso/say", "--uid", "7", "--plugin", "contoso.calibration", "--tool", "say", "--arguments", "{\"level\":\"2\",\"word\":\"a\"}", "runAllowedTool")]
    [InlineData(3, "pattern for 'level'", "--uid", "7", "--plugin", "contoso.calibration", "--tool", "say", "--arguments", "{\"level\":\"7\"}", "runAllowedTool")]
    [InlineData(0, "/etc/contoso/calibration.json", "--uid", "7", "--plugin", "contoso.calibration", "--file", "calibration", "--value", "{}", "writeAllowedFile")]
    [InlineData(3, "no JSON", "--uid", "7", "--plugin", "contoso.calibration", "--file", "calibration", "--value", "{", "writeAllowedFile")]
    [InlineData(3, "unit:x.service", "--unit", "x.service", "--plugin", "modulardm.time", "setTimeZone")]
    public async Task Explain_ByPolicy_SaysWhatHoldsAndWhy(int code, string said, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.json", TestPolicies.Full("uid:7"));
        (int result, string output) = await RunAsync(["explain", "--policy", policy, .. arguments]);
        Assert.Equal(code, result);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no command", "fly")]
    [InlineData("no option --colour", "run", "--colour", "red")]
    [InlineData("needs a value", "run", "--socket")]
    [InlineData("given twice", "run", "--socket", "a", "--socket", "b")]
    [InlineData("a number from", "run", "--max-in-flight", "0")]
    [InlineData("needs --plugin", "explain", "--uid", "1", "setTimeZone")]
    [InlineData("is no operation", "explain", "--uid", "1", "--plugin", "p", "fly")]
    [InlineData("needs --loc-uri", "explain", "--uid", "1", "--plugin", "p", "csp")]
    [InlineData("Expected one file", "check-policy")]
    public async Task Words_ThatMakeNoCommand_AreMisuse(string said, params string[] arguments)
    {
        (int result, string output) = await RunAsync(arguments);
        Assert.Equal(2, result);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckPolicy_Sample_IsGood()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.json", await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "policy.sample.json")));
        Assert.Equal((0, true), await RunAsync(["check-policy", policy]) is var (code, text) ? (code, text.Contains("1 callers", StringComparison.Ordinal)) : default);
    }

    [Fact]
    public async Task CheckPolicy_Bad_ListsEverything()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.json", """{ "version": 3, "callers": [] }""");
        (int code, string text) = await RunAsync(["check-policy", policy]);
        Assert.Equal(1, code);
        Assert.Contains("version", text, StringComparison.Ordinal);
        Assert.Contains("callers", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_And_Version_AreSaid()
    {
        Assert.Contains("check-policy", (await RunAsync(["--help"])).Output, StringComparison.Ordinal);
        Assert.Equal("0.1.0", (await RunAsync(["--version"])).Output.Trim());
    }

    [Fact]
    public void RunOptions_Defaults_AreThePackagedService()
    {
        RunOptions options = RunOptions.Parse(new CommandArguments([]));
        Assert.Equal("/run/modulardm/configurator.sock", options.SocketPath);
        Assert.Equal("/etc/modulardm/configurator-policy.json", options.PolicyPath);
        Assert.Equal("/var/lib/modulardm-configurator", options.StateFolder);
        Assert.Equal("linux", options.Platform);
    }

    private static async Task<(int Code, string Output)> RunAsync(string[] arguments)
    {
        var output = new StringWriter();
        return (await Cli.RunAsync(arguments, output, output), output.ToString());
    }
}
