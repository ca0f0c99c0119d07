using System.Text;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Windows;

public sealed class ResponseTests
{
    [Fact]
    public void Response_SeveralStatusesForOneCommand_AFailureCounts()
    {
        SyncMlResponse response = Parse("<Status><CmdRef>1</CmdRef><Data>200</Data></Status><Status><CmdRef>1</CmdRef><Data>404</Data></Status><Status><CmdRef>1</CmdRef><Data>200</Data></Status>");
        Assert.Equal(404, response.StatusOf(1));
    }

    [Fact]
    public void Response_ResultsInPieces_AreOneList()
    {
        SyncMlResponse response = Parse("""
            <Status><CmdRef> 1 </CmdRef><Data> 200 </Data></Status>
            <Results><CmdRef>1</CmdRef><Meta><Format xmlns="syncml:metinf">chr</Format></Meta>
              <Item><Source><LocURI> ./A/b </LocURI></Source><Data>one</Data></Item>
              <Item><Source><LocURI>./A/c</LocURI></Source><Meta><Format>int</Format></Meta><Data>2</Data></Item></Results>
            <Results><CmdRef>1</CmdRef><Item><Source><LocURI>./A/d</LocURI></Source></Item></Results>
            """);
        Assert.Equal(
            [("./A/b", "chr", "one"), ("./A/c", "int", "2"), ("./A/d", null, null)],
            response.ItemsOf(1).Select(item => (item.LocUri, item.Format, item.Data)));
    }

    [Theory]
    [InlineData("<![CDATA[<a>&</a>]]>", "<a>&</a>")]
    [InlineData("<a b=\"1\">x<c/></a>", "<a b=\"1\">x<c /></a>")]
    [InlineData("x &amp; <![CDATA[y]]>&#13;&#10;", "x & y\r\n")]
    [InlineData("  ", "  ")]
    [InlineData("", "")]
    public void Response_DataOfAnyKind_IsTheTextThatWasMeant(string data, string expected) =>
        Assert.Equal(expected, Parse($"<Status><CmdRef>1</CmdRef><Data>200</Data></Status><Results><CmdRef>1</CmdRef><Item><Data>{data}</Data></Item></Results>").ResultOf(1));

    [Fact]
    public void Response_WithMarksAndZerosAroundIt_IsRead() =>
        Assert.Equal(200, SyncMlResponse.Parse("\uFEFF<?xml version=\"1.0\"?><SyncBody><Status><CmdRef>3</CmdRef><Data>200</Data></Status></SyncBody>\0").StatusOf(3));

    [Theory]
    [InlineData("<Status><CmdRef>x</CmdRef><Data>200</Data></Status>")]
    [InlineData("<Status><CmdRef>1</CmdRef></Status>")]
    [InlineData("<Status><Data>200</Data></Status>")]
    [InlineData("<Status/><Results/><Results><CmdRef>1</CmdRef></Results>")]
    public void Response_WithHalfAStatus_SaysNothingOfTheCommand(string parts)
    {
        SyncMlResponse response = Parse(parts);
        Assert.Equal(0, response.StatusOf(1));
        Assert.Null(response.ResultOf(1));
    }

    [Theory]
    [InlineData(214)]
    [InlineData(215)]
    [InlineData(216)]
    [InlineData(500)]
    public void Response_WithAStatusThatIsNoSuccess_BringsNoResult(int status) =>
        Assert.Null(Parse($"<Status><CmdRef>1</CmdRef><Data>{status}</Data></Status><Results><CmdRef>1</CmdRef><Item><Data>x</Data></Item></Results>").ResultOf(1));

    [Fact]
    public void Response_BeyondALimit_IsRefused()
    {
        Refused($"<SyncBody>{new StringBuilder().Insert(0, "<a>", 40)}{new StringBuilder().Insert(0, "</a>", 40)}<Status>{new StringBuilder().Insert(0, "<b>", 40)}", "");
        Refused($"<SyncBody>{new StringBuilder().Insert(0, "<Status/>", SyncMlResponse.MaxParts + 1)}</SyncBody>", "parts");
        Refused($"<SyncBody>{new string(' ', SyncMlReader.MaxChars)}</SyncBody>", "");
        var deep = new StringBuilder("<SyncBody>").Insert(10, "<Results><Item>", 1).Insert(25, "<Item>", 40);
        Refused(deep.ToString(), "");
    }

    private static void Refused(string text, string says)
    {
        ConfiguratorException error = Assert.Throws<ConfiguratorException>(() => SyncMlResponse.Parse(text));
        Assert.Equal("syncml", error.Error.Detail);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static SyncMlResponse Parse(string parts) => SyncMlResponse.Parse($"<SyncML><SyncHdr/><SyncBody>{parts}<Final/></SyncBody></SyncML>");
}
