using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Configurator.Platform.Simulated;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Areas;

/// <summary>A simulated machine that is spoken to in SyncML alone, with a clock that a test moves, and that can be switched off and on.</summary>
internal sealed partial class Machine : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private SimulatedPlatform _platform;

    public Machine() => _platform = new SimulatedPlatform(_folder.Path, Clock);

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public string Folder => _folder.Path;

    public SimulatedPlatform Platform => _platform;

    /// <summary>Sends the inside of a body and returns the answer from the first command's status on.</summary>
    public string Send(string commands)
    {
        string answer = _platform.Transport.Apply($"<SyncBody>{commands}<Final/></SyncBody>", TestTimeouts.Default);
        int header = answer.IndexOf("</Status>", StringComparison.Ordinal) + "</Status>".Length;
        return answer[header..answer.IndexOf("<Final", StringComparison.Ordinal)];
    }

    /// <summary>The status of one command, or of the first of several.</summary>
    public int Status(string commands) => int.Parse(Data().Match(Send(commands)).Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);

    public int Exec(string locUri, string? data = null, string format = "chr") => Status(Command("Exec", locUri, data, format));

    public int Replace(string locUri, string data, string format = "chr") => Status(Command("Replace", locUri, data, format));

    public int Add(string locUri, string? data, string format = "chr") => Status(Command("Add", locUri, data, format));

    public int Delete(string locUri) => Status(Command("Delete", locUri, null, null));

    /// <summary>The value of a node; null when it is not there.</summary>
    public string? Get(string locUri)
    {
        MatchCollection data = Data().Matches(Send(Command("Get", locUri, null, null)));
        return data[0].Groups[1].Value == "404" ? null : System.Net.WebUtility.HtmlDecode(data.Count > 1 ? data[1].Groups[1].Value : string.Empty);
    }

    public void SwitchOff() => _platform.Dispose();

    /// <summary>Ends the process and starts another one on the same machine.</summary>
    public void SwitchOffAndOn()
    {
        _platform.Dispose();
        _platform = new SimulatedPlatform(_folder.Path, Clock);
    }

    public void Dispose()
    {
        _platform.Dispose();
        _folder.Dispose();
    }

    private static string Command(string verb, string locUri, string? data, string? format) =>
        $"<{verb}><CmdID>1</CmdID><Item><Target><LocURI>{locUri}</LocURI></Target>"
        + (format is null ? string.Empty : $"<Meta><Format xmlns=\"syncml:metinf\">{format}</Format></Meta>")
        + (data is null ? string.Empty : $"<Data>{System.Net.WebUtility.HtmlEncode(data)}</Data>")
        + $"</Item></{verb}>";

    [GeneratedRegex("<Data>([^<]*)</Data>")]
    private static partial Regex Data();
}
