using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>What came back for each command, found by its <c>CmdRef</c> and never by position.</summary>
internal sealed class SyncMlResponse
{
    private readonly Dictionary<int, int> _statuses = [];
    private readonly Dictionary<int, string> _results = [];

    private SyncMlResponse()
    {
    }

    /// <exception cref="ConfiguratorException">It is no SyncML.</exception>
    public static SyncMlResponse Parse(string text)
    {
        XElement root;
        try
        {
            root = SyncMlXml.Parse(text);
        }
        catch (XmlException e)
        {
            throw Unreadable(e.Message, e);
        }

        XElement body = (root.Name.LocalName == "SyncBody" ? root : root.Child("SyncBody")) ?? throw Unreadable("there is no SyncBody", null);
        var response = new SyncMlResponse();
        foreach (XElement status in body.Children("Status"))
        {
            if (Number(status.Child("CmdRef")) is { } command && Number(status.Child("Data")) is { } code)
            {
                response._statuses[command] = code;
            }
        }

        foreach (XElement results in body.Children("Results"))
        {
            if (Number(results.Child("CmdRef")) is { } command)
            {
                response._results[command] = results.Child("Item").Child("Data")?.Value ?? string.Empty;
            }
        }

        return response;
    }

    /// <summary>The status of a command; 0 when it was not answered.</summary>
    public int StatusOf(int command) => _statuses.GetValueOrDefault(command);

    /// <summary>The value that a Get brought; null when it brought none.</summary>
    public string? ResultOf(int command) => StatusOf(command) is >= 200 and < 300 ? _results.GetValueOrDefault(command) : null;

    private static int? Number(XElement? element) =>
        int.TryParse(element?.Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static ConfiguratorException Unreadable(string why, Exception? cause) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"The device management engine's answer cannot be read: {why}.", "syncml"), cause);
}
