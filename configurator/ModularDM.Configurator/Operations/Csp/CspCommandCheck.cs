using System.Globalization;
using System.Xml;
using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Csp;

/// <summary>What a command may hold, verb by verb, before it is made SyncML.</summary>
internal static class CspCommandCheck
{
    public const int MaxDataChars = 256 * 1024;

    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.InvalidArgument"/>; the message never holds the value.</exception>
    public static void Check(CspCommand command)
    {
        if (!CspAddress.TryParse(command.LocUri, out CspAddress? address, out string? why))
        {
            throw Wrong($"locUri is no address of a node: {why}");
        }

        string verb = CspWords.Of(command.Verb);
        if (address.List is not null && command.Verb != CspVerb.Get)
        {
            throw Wrong($"?list= goes with get, not with {verb}");
        }

        bool writes = command.Verb is CspVerb.Replace or CspVerb.Add;
        if (!writes && command.Verb != CspVerb.Exec && (command.Format is not null || command.Data is not null))
        {
            throw Wrong($"{verb} takes neither format nor data");
        }

        if (writes && command.Format is null)
        {
            throw Wrong($"{verb} needs a format: {CspWords.Formats}");
        }

        if (command is { Format: not null, Data: null, Verb: CspVerb.Exec })
        {
            throw Wrong("a format without data says nothing; leave it out");
        }

        CheckData(command, verb);
    }

    private static void CheckData(CspCommand command, string verb)
    {
        bool empty = command.Format is CspValueFormat.Node or CspValueFormat.Null;
        if (command.Data is not { } data)
        {
            if (command.Verb is CspVerb.Replace or CspVerb.Add && !empty)
            {
                throw Wrong($"{verb} with format {CspWords.Of(command.Format!.Value)} needs data");
            }

            return;
        }

        if (data.Length > MaxDataChars)
        {
            throw Wrong($"data has {data.Length} characters; at most {MaxDataChars} are allowed");
        }

        string? wrong = command.Format switch
        {
            CspValueFormat.Node or CspValueFormat.Null when data.Length > 0 => "has no data",
            CspValueFormat.Int when !int.TryParse(data, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => "is a whole number from -2147483648 to 2147483647",
            CspValueFormat.Bool when data is not ("true" or "false") => "is true or false",
            CspValueFormat.Float when !double.TryParse(data, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => "is a number with a point",
            CspValueFormat.B64 when !System.Buffers.Text.Base64.IsValid(data) => "is base64",
            _ when !data.All(XmlConvert.IsXmlChar) && !IsText(data) => "may hold only characters that XML can carry",
            _ => null,
        };
        if (wrong is not null)
        {
            throw Wrong($"data of format {CspWords.Of(command.Format ?? CspValueFormat.Chr)} {wrong}");
        }
    }

    // Characters beyond the first plane are pairs, each half of which is no character.
    private static bool IsText(string data)
    {
        try
        {
            XmlConvert.VerifyXmlChars(data);
            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    private static ConfiguratorException Wrong(string what) => ConfiguratorException.InvalidArgument($"csp: {what}.");
}
