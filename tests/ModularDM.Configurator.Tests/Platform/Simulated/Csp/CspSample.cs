namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>A small stand-in for the data that is no part of the repository.</summary>
internal static class CspSample
{
    public const string Description = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE MgmtTree PUBLIC " -//OMA//DTD-DM-DDF 1.2//EN" "http://example.com/none.dtd" [<?oma-dm-ddf-ver supported-versions="1.2"?>]>
        <MgmtTree xmlns:MSFT="http://example.com/dm">
          <VerDTD>1.2</VerDTD>
          <Node>
            <NodeName>Contoso</NodeName>
            <Path>./Device/Vendor/OEM</Path>
            <DFProperties>
              <AccessType><Get /></AccessType><DFFormat><node /></DFFormat><Occurrence><One /></Occurrence><Scope><Permanent /></Scope>
            </DFProperties>
            <Node>
              <NodeName>Level</NodeName>
              <DFProperties>
                <AccessType><Add /><Delete /><Get /><Replace /></AccessType><DFFormat><int /></DFFormat>
                <Occurrence><ZeroOrOne /></Occurrence><Scope><Dynamic /></Scope>
                <MSFT:AllowedValues ValueType="Range"><MSFT:Value>[(-1)-7]</MSFT:Value></MSFT:AllowedValues>
              </DFProperties>
            </Node>
            <Node>
              <NodeName></NodeName>
              <DFProperties>
                <AccessType><Add /><Delete /><Get /></AccessType><DFFormat><node /></DFFormat>
                <Occurrence><ZeroOrN>2</ZeroOrN></Occurrence><Scope><Dynamic /></Scope>
                <MSFT:DynamicNodeNaming><MSFT:UniqueName>any</MSFT:UniqueName></MSFT:DynamicNodeNaming>
                <MSFT:AllowedValues ValueType="RegEx"><MSFT:Value>[a-z]+</MSFT:Value></MSFT:AllowedValues>
              </DFProperties>
              <Node>
                <NodeName>Colours</NodeName>
                <DFProperties>
                  <AccessType><Get /><Replace /></AccessType><DefaultValue>red</DefaultValue><DFFormat><chr /></DFFormat>
                  <Occurrence><One /></Occurrence><Scope><Dynamic /></Scope>
                  <MSFT:AllowedValues ValueType="ENUM">
                    <MSFT:Enum><MSFT:Value>red</MSFT:Value></MSFT:Enum><MSFT:Enum><MSFT:Value>blue</MSFT:Value></MSFT:Enum>
                    <MSFT:List Delimiter=";" />
                  </MSFT:AllowedValues>
                </DFProperties>
              </Node>
            </Node>
          </Node>
        </MgmtTree>
        """;

    public const string WrongDescription = """
        <MgmtTree>
          <Node>
            <NodeName></NodeName><Path>./User/Vendor/OEM</Path>
            <DFProperties>
              <AccessType><Add /><Get /></AccessType><DFFormat><node /></DFFormat><Occurrence><ZeroOrN /></Occurrence><Scope><Dynamic /></Scope>
            </DFProperties>
          </Node>
        </MgmtTree>
        """;

    public static readonly string[] Nodes =
    [
        "./Device/Vendor/OEM/Contoso\tGet\tnode\tOne\tPermanent",
        "./Device/Vendor/OEM/Contoso/Level\tAdd,Delete,Get,Replace\tint\tZeroOrOne\tDynamic",
        "./Device/Vendor/OEM/Contoso/{*}\tAdd,Delete,Get\tnode\tZeroOrN\tDynamic",
        "./Device/Vendor/OEM/Contoso/{*}/Colours\tGet,Replace\tchr\tOne\tDynamic",
        "./User/Vendor/OEM/{*}\tAdd,Get\tnode\tZeroOrN\tDynamic",
    ];

    public static readonly string[] Snippets =
    [
        "<Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo</LocURI></Target></Item></Get>",
        "<?xml version=\"1.0\"?>\n<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncBody><Delete><CmdID>$CmdID$</CmdID></Delete><Final/></SyncBody></SyncML>",
        "<Add><CmdID>1</CmdID>",
    ];
}
