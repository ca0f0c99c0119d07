using System.Net;
using ModularDM.Samples.QuickStart;

namespace ModularDM.EndToEnd.Tests;

public sealed class MachineGuardTests
{
    [Fact]
    public void Refuse_LinuxOnBareMachine_SaysWhatItWouldChangeAndTheWayOut()
    {
        string? refusal = MachineGuard.Refuse(Options("linux"), isContainerOrVirtual: false);

        Assert.Contains("--change-this-machine", refusal, StringComparison.Ordinal);
        Assert.Contains("time zone", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux", true, false)]
    [InlineData("linux", false, true)]
    [InlineData("simulated", false, false)]
    public void Refuse_HarmlessOrMeant_Allows(string platform, bool changeThisMachine, bool isContainerOrVirtual) =>
        Assert.Null(MachineGuard.Refuse(Options(platform, changeThisMachine), isContainerOrVirtual));

    private static QuickStartOptions Options(string platform, bool changeThisMachine = false) =>
        new(0, 0, 0, IPAddress.Loopback, new DirectoryInfo("unused"), platform, changeThisMachine);
}
