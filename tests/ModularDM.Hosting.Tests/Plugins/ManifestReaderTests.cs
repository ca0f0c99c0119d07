using System.Text;
using CsCheck;
using ModularDM.Contracts;
using ModularDM.Hosting.Plugins.Discovery;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class ManifestReaderTests
{
    // Each member is good more often than not, so that whole manifests often are.
    private static readonly Gen<string> s_manifest = Gen.Select(
        Member("id", "\"contoso.fan\"", "\"contoso\"", "\"Contoso.fan\"", "\"contoso.9\"", "\"a.b-c\"", "\"\"", "\"contoso.f\\u0061n\"", "\"contoso.f\u00e4n\""),
        Member("version", "\"1.2.3\"", "\"1.2\"", "\"1.2.3-beta\"", "\"1..3\"", "\"1.2.3.4\"", "\".1.2.3\""),
        Member("api", "1", "2", "\"1\"", "1.5", "null", "99999999999"),
        Member("assembly", "\"A.dll\"", "\"a.DLL\"", "\"x/A.dll\"", "\"..\\\\A.dll\"", "\"A.exe\"", "\".dll\""),
        Gen.OneOf(
            Member("activation", "\"onDemand\"", "\"startup\"", "\"OnDemand\"", "\"later\"", "1"),
            Member("isolation", "\"none\"", "\"process\""),
            Member("id", "\"contoso.twice\""),
            Member("requests", "{}", "{\"configurator\":[\"a\",\"b\"]}", "{\"attributes\":[\"x\"]}", "{\"other\":1}", "{\"configurator\":[1]}", "[]")).Array[0, 2],
        Gen.OneOf(Gen.Const("}"), Gen.Const("}"), Gen.Const(",}"), Gen.Const("} x"), Gen.Const("")),
        (id, version, api, assembly, others, end) => "{" + string.Join(",", [id, version, api, assembly, .. others]) + end);

    private static Gen<string> Member(string name, string good, params string[] others) =>
        Gen.Int[0, others.Length * 3].Select(i => $"\"{name}\":{(i < others.Length ? others[i] : good)}");

    [Fact]
    public void ReadPlain_WhatItAccepts_TheFullParserReadsAlike() => s_manifest.Sample(
        text =>
        {
            byte[] json = Encoding.UTF8.GetBytes(text);
            if (ManifestReader.ReadPlain(json) is not { } quick)
            {
                return true;
            }

            var errors = new List<SectionError>();
            PluginManifest? full = PluginManifest.Parse(json, errors);
            return full is not null && Tell(quick) == Tell(full);
        },
        iter: 20_000);

    [Fact]
    public void ReadPlain_UsualManifest_NeedsNoFullParser() => Assert.NotNull(ManifestReader.ReadPlain(
        """
        {
          "id": "contoso.thermometer", "version": "0.1.0", "api": 1, "assembly": "Contoso.Thermometer.dll", "activation": "startup",
          "requests": { "configurator": ["readAttribute"], "attributes": ["cpu"] }
        }
        """u8));

    private static string Tell(PluginManifest manifest) => string.Join(
        '|', manifest.Id, manifest.Version, manifest.Api, manifest.Assembly, manifest.Activation, manifest.Isolation,
        string.Join(',', manifest.Requests.Configurator), string.Join(',', manifest.Requests.Attributes));
}
