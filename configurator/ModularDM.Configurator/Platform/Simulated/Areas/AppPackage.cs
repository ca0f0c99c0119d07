using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>What an app package (.appx, .msix) says about itself in its manifest.</summary>
internal sealed record AppPackage(string Name, Version Version, string Publisher, string Architecture)
{
    private const string ManifestEntry = "AppxManifest.xml";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const long MaxManifestBytes = 1024 * 1024;

    public string Family => $"{Name}_{PublisherId(Publisher)}";

    public string FullName => $"{Name}_{Version}_{Architecture}__{PublisherId(Publisher)}";

    /// <param name="path">A file.</param>
    /// <param name="package">The package.</param>
    /// <param name="why">Why it is none.</param>
    public static bool TryRead(string path, [NotNullWhen(true)] out AppPackage? package, [NotNullWhen(false)] out string? why)
    {
        package = null;
        try
        {
            using ZipArchive zip = ZipFile.OpenRead(path);
            if (zip.GetEntry(ManifestEntry) is not { Length: < MaxManifestBytes } entry)
            {
                why = $"the package holds no {ManifestEntry}";
                return false;
            }

            using Stream stream = entry.Open();
            using var xml = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxManifestBytes });
            XElement? identity = XElement.Load(xml).Elements().FirstOrDefault(element => element.Name.LocalName == "Identity");
            if (identity?.Attribute("Name")?.Value is { Length: > 0 } name
                && identity.Attribute("Publisher")?.Value is { Length: > 0 } publisher
                && Version.TryParse(identity.Attribute("Version")?.Value, out Version? version) && version.Revision >= 0)
            {
                package = new AppPackage(name, version, publisher, identity.Attribute("ProcessorArchitecture")?.Value ?? "neutral");
                why = null;
                return true;
            }

            why = "the manifest's Identity lacks a name, a publisher or a version of four numbers";
            return false;
        }
        catch (Exception e) when (e is InvalidDataException or XmlException or IOException or UnauthorizedAccessException)
        {
            why = e.Message;
            return false;
        }
    }

    /// <summary>The thirteen letters that stand for a publisher: 64 bits of its SHA-256 and a zero, five at a time.</summary>
    public static string PublisherId(string publisher)
    {
        byte[] hash = SHA256.HashData(Encoding.Unicode.GetBytes(publisher));
        UInt128 bits = (UInt128)BinaryPrimitives.ReadUInt64BigEndian(hash) << 1;
        return string.Create(13, bits, static (letters, value) =>
        {
            for (int i = 0; i < letters.Length; i++)
            {
                letters[i] = Alphabet[(int)((value >> (60 - (i * 5))) & 31)];
            }
        });
    }
}
