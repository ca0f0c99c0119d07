using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Platform.Windows;

public sealed class RequestTests
{
    [Fact]
    public void Request_EveryCommand_IsWrittenAsTheLocalApiTakesIt()
    {
        var request = new SyncMlRequest();
        request.Get("./DevDetail/SwV");
        request.Get("./Vendor/MSFT/WiFi/Profile", CspList.StructData);
        request.Replace("./Device/Vendor/MSFT/Reboot/Schedule/Single", CspFormat.Chr, "2031-01-02T03:04:05Z");
        request.Atomic(inside =>
        {
            inside.Add(LocUri.Combine("./Vendor/MSFT/WiFi/Profile", "a/b"), CspFormat.Node, null);
            inside.Delete("./Vendor/MSFT/WiFi/Profile/c");
        });
        request.Exec("./Device/Vendor/MSFT/Reboot/RebootNow");
        request.Exec("./X", "<a/>", CspFormat.Xml);
        Assert.Equal(
            "<SyncBody>"
            + "<Get><CmdID>1</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>"
            + "<Get><CmdID>2</CmdID><Item><Target><LocURI>./Vendor/MSFT/WiFi/Profile?list=StructData</LocURI></Target></Item></Get>"
            + "<Replace><CmdID>3</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Reboot/Schedule/Single</LocURI></Target>"
            + "<Meta><Format xmlns=\"syncml:metinf\">chr</Format><Type xmlns=\"syncml:metinf\">text/plain</Type></Meta><Data>2031-01-02T03:04:05Z</Data></Item></Replace>"
            + "<Atomic><CmdID>4</CmdID>"
            + "<Add><CmdID>5</CmdID><Item><Target><LocURI>./Vendor/MSFT/WiFi/Profile/a%2Fb</LocURI></Target><Meta><Format xmlns=\"syncml:metinf\">node</Format></Meta></Item></Add>"
            + "<Delete><CmdID>6</CmdID><Item><Target><LocURI>./Vendor/MSFT/WiFi/Profile/c</LocURI></Target></Item></Delete>"
            + "</Atomic>"
            + "<Exec><CmdID>7</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Reboot/RebootNow</LocURI></Target></Item></Exec>"
            + "<Exec><CmdID>8</CmdID><Item><Target><LocURI>./X</LocURI></Target><Meta><Format xmlns=\"syncml:metinf\">xml</Format></Meta><Data>&lt;a/&gt;</Data></Item></Exec>"
            + "<Final></Final></SyncBody>",
            request.Build().Replace("<Final />", "<Final></Final>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(CspFormat.B64, "b64")]
    [InlineData(CspFormat.Bin, "bin")]
    [InlineData(CspFormat.Bool, "bool")]
    [InlineData(CspFormat.Chr, "chr")]
    [InlineData(CspFormat.Date, "date")]
    [InlineData(CspFormat.Float, "float")]
    [InlineData(CspFormat.Int, "int")]
    [InlineData(CspFormat.Node, "node")]
    [InlineData(CspFormat.Null, "null")]
    [InlineData(CspFormat.Time, "time")]
    [InlineData(CspFormat.Xml, "xml")]
    public void Format_OnTheWire_HasItsName(object format, string name)
    {
        var request = new SyncMlRequest();
        request.Add("./X", (CspFormat)format, null);
        Assert.Contains($"<Format xmlns=\"syncml:metinf\">{name}</Format>", request.Build(), StringComparison.Ordinal);
        Assert.True(CspFormats.TryParse(name.ToUpperInvariant(), out CspFormat read));
        Assert.Equal(format, read);
    }

    [Fact]
    public void Request_WhatAnAtomicCannotHold_IsRefused()
    {
        var request = new SyncMlRequest();
        Assert.Throws<InvalidOperationException>(() => request.Atomic(inside => inside.Get("./X")));
        Assert.Throws<InvalidOperationException>(() => request.Atomic(inside => inside.Atomic(_ => { })));
        Assert.DoesNotContain("Atomic", request.Build(), StringComparison.Ordinal);
    }
}
