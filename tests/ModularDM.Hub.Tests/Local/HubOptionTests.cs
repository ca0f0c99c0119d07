using ModularDM.Hub.Local;
using ModularDM.Hub.Local.CommandLine;

namespace ModularDM.Hub.Tests.Local;

/// <summary>What the options of a hub may be, on the command line and in code.</summary>
public sealed class HubOptionTests
{
    [Theory]
    [InlineData("--jobs-at-once", "0", "--jobs-at-once must be a whole number from 1 to 100.")]
    [InlineData("--jobs-at-once", "101", "--jobs-at-once must be a whole number from 1 to 100.")]
    [InlineData("--configuration-interval-seconds", "0", "--configuration-interval-seconds must be a whole number from 1 to 86400.")]
    [InlineData("--configuration-interval-seconds", "86401", "--configuration-interval-seconds must be a whole number from 1 to 86400.")]
    [InlineData("--configuration-interval-seconds", "soon", "--configuration-interval-seconds must be a whole number from 1 to 86400.")]
    public void CommandLine_NumberOutOfRange_IsRefusedWithTheRange(string option, string value, string message) =>
        Assert.Contains(message, HubCommand.Create().Parse([option, value]).Errors.Select(error => error.Message));

    [Theory]
    [InlineData("--jobs-at-once", "100")]
    [InlineData("--configuration-interval-seconds", "86400")]
    public void CommandLine_NumberInRange_IsTaken(string option, string value) => Assert.Empty(HubCommand.Create().Parse([option, value]).Errors);

    [Fact]
    public async Task Start_OptionOutOfRange_SaysWhichAndWhatItMayBe()
    {
        var good = new LocalHubOptions { DataFolder = Path.Combine(Path.GetTempPath(), "never-made") };
        Assert.Equal("LocalHubOptions.JobsAtOnce must be from 1 to 100.", await RefusalAsync(good with { JobsAtOnce = 0 }));
        Assert.Equal("LocalHubOptions.JobOperationsPerSecond must be at least 1.", await RefusalAsync(good with { JobOperationsPerSecond = 0 }));
        Assert.Equal("LocalHubOptions.MessagesPerDevice must be at least 1.", await RefusalAsync(good with { MessagesPerDevice = 0 }));
        Assert.Equal("LocalHubOptions.ConfigurationInterval must be from one second to one day.", await RefusalAsync(good with { ConfigurationInterval = TimeSpan.Zero }));
        Assert.False(Directory.Exists(good.DataFolder));
    }

    private static async Task<string> RefusalAsync(LocalHubOptions options) => (await Assert.ThrowsAsync<LocalHubStartException>(() => LocalHub.StartAsync(options))).Message;
}
