using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Configurator.Platform.Windows.Wmi;

namespace ModularDM.Configurator.Tests.Platform.Windows.Wmi;

public sealed class WmiBridgeTests
{
    [Theory]
    [InlineData("./Vendor/MSFT/Reboot/RebootNow", "MDM_Reboot", "./Vendor/MSFT", "Reboot", "RebootNow")]
    [InlineData("./Vendor/MSFT/Reboot/Schedule/Single", "MDM_Reboot_Schedule01", "./Vendor/MSFT/Reboot", "Schedule", "Single")]
    [InlineData("./Vendor/MSFT/RemoteWipe/doWipe", "MDM_RemoteWipe", "./Vendor/MSFT", "RemoteWipe", "doWipe")]
    [InlineData("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart", "MDM_Policy_Config01_Update02", "./Vendor/MSFT/Policy/Config", "Update", "ActiveHoursStart")]
    [InlineData("./Vendor/MSFT/HealthAttestation/Status", "MDM_HealthAttestation", "./Vendor/MSFT", "HealthAttestation", "Status")]
    [InlineData("./DevDetail/Ext/DeviceHardwareData", "MDM_DevDetail_Ext01", "./DevDetail", "Ext", "DeviceHardwareData")]
    public void Of_FixedNames_IsClassInstanceAndLeaf(string locUri, string className, string parent, string instance, string leaf) =>
        Assert.Equal(new WmiNode(className, parent, instance, leaf), WmiNode.Of(locUri));

    [Theory]
    [InlineData("./Vendor/MSFT/WiFi/Profile/Contoso/WlanXml")]
    [InlineData("./User/Vendor/MSFT/Policy/Config/Update/ActiveHoursStart")]
    [InlineData("./Vendor/MSFT/Policy/Config/Up'date/ActiveHoursStart")]
    [InlineData("./Vendor/MSFT/Policy/Config//ActiveHoursStart")]
    [InlineData("./Vendor/MSFT/Policy/Config/Update?list=Struct")]
    [InlineData("./Vendor/MSFT/Reboot/Schedule/")]
    [InlineData("Reboot")]
    [InlineData("")]
    public void Of_FreeNamesAndOddities_IsNothing(string locUri) => Assert.Null(WmiNode.Of(locUri));

    [Fact]
    public void Apply_EveryVerb_ReachesTheBridgeAndComesBackAsSyncMl()
    {
        var bridge = new FakeBridge();
        using var transport = new WmiBridgeTransport(bridge);
        var request = new SyncMlRequest();
        int replace = request.Replace("./Device/Vendor/MSFT/Policy/Config/Update/ActiveHoursStart", CspFormat.Int, "6");
        int get = request.Get("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart");
        int delete = request.Delete("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart");
        int gone = request.Get("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart");
        int exec = request.Exec("./Vendor/MSFT/Reboot/RebootNow");
        int foreign = request.Get("./Vendor/MSFT/WiFi/Profile/x/WlanXml");
        int atomic = request.Atomic(inside => inside.Exec("./Vendor/MSFT/RemoteWipe/doWipe"));
        SyncMlResponse response = SyncMlResponse.Parse(transport.Apply(request.Build(), TestTimeouts.Default));
        Assert.Equal([200, 200, 200, 404, 200, 406, 406], ((int[])[replace, get, delete, gone, exec, foreign, atomic]).Select(response.StatusOf));
        Assert.Equal("6", response.ResultOf(get));
        Assert.Equal(["RebootNowMethod"], bridge.Invoked);
    }

    [Fact]
    public void Apply_TypesOfProperties_HaveTheirFormats()
    {
        var bridge = new FakeBridge { ["Status"] = 3, ["ForceRetrieve"] = true, ["Nonce"] = "0011" };
        using var transport = new WmiBridgeTransport(bridge);
        var request = new SyncMlRequest();
        int[] gets = [.. ((string[])["Status", "ForceRetrieve", "Nonce"]).Select(leaf => request.Get("./Vendor/MSFT/HealthAttestation/" + leaf))];
        SyncMlResponse response = SyncMlResponse.Parse(transport.Apply(request.Build(), TestTimeouts.Default));
        Assert.Equal([("int", "3"), ("bool", "true"), ("chr", "0011")], gets.Select(get => (response.ItemsOf(get)[0].Format!, response.ItemsOf(get)[0].Data!)));
    }

    /// <summary>Properties by leaf, as WMI would hold them.</summary>
    private sealed class FakeBridge : Dictionary<string, object>, IWmiBridge
    {
        public List<string> Invoked { get; } = [];

        public int Read(WmiNode node, out object? value)
        {
            value = this.GetValueOrDefault(node.Leaf);
            return SyncMlStatus.Ok;
        }

        public int Write(WmiNode node, string? value)
        {
            if (value is null)
            {
                Remove(node.Leaf);
            }
            else
            {
                this[node.Leaf] = value;
            }

            return SyncMlStatus.Ok;
        }

        public int Invoke(WmiNode node, string? data)
        {
            Invoked.Add(node.Method);
            return SyncMlStatus.Ok;
        }
    }
}
