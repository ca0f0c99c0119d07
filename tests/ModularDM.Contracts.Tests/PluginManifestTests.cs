using System.Text;

namespace ModularDM.Contracts.Tests;

public sealed class PluginManifestTests
{
    private const string Good = """{ "id": "contoso.fan-2", "version": "1.2.3-beta", "api": 1, "assembly": "Contoso.Fan.dll" }""";

    [Fact]
    public void Parse_ShortestManifest_HasTheDefaults()
    {
        (PluginManifest? manifest, List<SectionError> errors) = Parse(Good);

        Assert.Empty(errors);
        Assert.Equal((PluginIsolation.None, PluginActivation.OnDemand), (manifest!.Isolation, manifest.Activation));
        Assert.Empty(manifest.Requests.Configurator);
        Assert.Empty(manifest.Requests.Attributes);
    }

    [Fact]
    public void Parse_RequestsWithOneList_HasAnEmptyOther()
    {
        (PluginManifest? manifest, _) = Parse(Good.Replace("\"api\": 1", "\"api\": 1, \"requests\": { \"attributes\": [\"fan0.pwm\"] }", StringComparison.Ordinal));

        Assert.Equal(["fan0.pwm"], manifest!.Requests.Attributes);
        Assert.Empty(manifest.Requests.Configurator);
    }

    [Fact]
    public void Parse_AsPeopleWriteIt_IsRead()
    {
        (PluginManifest? manifest, List<SectionError> errors) = Parse(
            "\uFEFF{ // ours\n \"id\": \"contoso.fan\", \"version\": \"1.0.0\", \"api\": 1, \"assembly\": \"Fan.dll\", \"activation\": \"startup\", \"isolation\": \"process\", }");

        Assert.Empty(errors);
        Assert.Equal((PluginIsolation.Process, PluginActivation.Startup), (manifest!.Isolation, manifest.Activation));
    }

    [Theory]
    [InlineData("\"contoso.fan-2\"", "\"Contoso.fan\"", "id")]
    [InlineData("\"contoso.fan-2\"", "\"fan\"", "id")]
    [InlineData("\"contoso.fan-2\"", "\"contoso.fan\\n\"", "id")]
    [InlineData("\"contoso.fan-2\"", "\"contoso.fan.two\"", "id")]
    [InlineData("\"contoso.fan-2\"", "7", "id")]
    [InlineData("\"1.2.3-beta\"", "\"1.2\"", "version")]
    [InlineData("\"1.2.3-beta\"", "\"1.2.3\\n\"", "version")]
    [InlineData("\"api\": 1", "\"api\": \"1\"", "api")]
    [InlineData("\"Contoso.Fan.dll\"", "\"../Fan.dll\"", "assembly")]
    [InlineData("\"Contoso.Fan.dll\"", "\"..\\\\Fan.dll\"", "assembly")]
    [InlineData("\"Contoso.Fan.dll\"", "\"Fan.exe\"", "assembly")]
    [InlineData("\"Contoso.Fan.dll\"", "\".dll\"", "assembly")]
    [InlineData("\"api\": 1", "\"api\": 1, \"activation\": \"later\"", "activation")]
    [InlineData("\"api\": 1", "\"api\": 1, \"activation\": 1", "activation")]
    [InlineData("\"api\": 1", "\"api\": 1, \"isolation\": \"Process\"", "isolation")]
    [InlineData("\"api\": 1", "\"api\": 1, \"sections\": []", "sections")]
    [InlineData("\"api\": 1", "\"api\": 1, \"requests\": { \"root\": true }", "requests.root")]
    [InlineData("\"api\": 1", "\"api\": 1, \"requests\": null", "requests")]
    [InlineData("\"api\": 1", "\"api\": 1, \"requests\": { \"configurator\": [null] }", "requests.configurator")]
    [InlineData("\"api\": 1", "\"api\": 1, \"requests\": { \"attributes\": [\" \"] }", "requests.attributes")]
    [InlineData("\"api\": 1,", "", "api")]
    public void Parse_OneMistake_NamesTheKey(string good, string bad, string key)
    {
        (PluginManifest? manifest, List<SectionError> errors) = Parse(Good.Replace(good, bad, StringComparison.Ordinal));

        Assert.Null(manifest);
        Assert.Equal(key, Assert.Single(errors).Path);
    }

    [Fact]
    public void Parse_SeveralMistakes_NamesThemAll()
    {
        (_, List<SectionError> errors) = Parse("""{ "id": 5, "version": "1.0.0", "assembly": "x.dll", "entry": "Main" }""");

        Assert.Equal(["api", "entry", "id"], errors.Select(error => error.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"id\": ")]
    [InlineData("MZ")]
    public void Parse_NoJson_SaysWhere(string text) => Assert.Contains("line 1", Assert.Single(Parse(text).Errors).Message, StringComparison.Ordinal);

    private static (PluginManifest? Manifest, List<SectionError> Errors) Parse(string json)
    {
        var errors = new List<SectionError>();
        return (PluginManifest.Parse(Encoding.UTF8.GetBytes(json), errors), errors);
    }
}
