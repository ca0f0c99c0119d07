using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Csp;

/// <summary>Sends one checked command to the engine as SyncML, and reads its answer.</summary>
internal static class CspExchange
{
    /// <summary>What still fits into a frame of the wire with everything around it.</summary>
    private const int MaxAnswerChars = 384 * 1024;
    private const string ListParameter = "?list=";

    /// <exception cref="ConfiguratorException">The engine refused it, failed, or could not be asked; <see cref="ConfiguratorError.Detail"/> holds the SyncML status.</exception>
    public static CspResult Run(ICspTransport engine, CspCommand command, OperationContext context)
    {
        var request = new SyncMlRequest();
        int id = Add(request, command);
        string body = request.Build();
        string verb = command.Verb.ToString();
        SyncMlResponse response = SyncMlResponse.Parse(context.Step($"syncml {verb} {command.LocUri}", () => engine.Apply(body, context.Remaining)));
        int status = response.StatusOf(id);
        if (!SyncMlStatus.IsSuccess(status))
        {
            throw SyncMlStatus.ToException(verb, command.LocUri, status);
        }

        bool structure = command.LocUri.EndsWith(ListParameter + nameof(CspList.Struct), StringComparison.Ordinal);
        CspNode[] nodes = command.Verb != CspVerb.Get ? [] : [.. response.ItemsOf(id).Select(item => ToNode(item, command.LocUri, structure))];
        int chars = nodes.Sum(node => node.LocUri.Length + (node.Value?.Length ?? 0));
        return chars <= MaxAnswerChars
            ? new CspResult { Status = status, Nodes = nodes }
            : throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, $"The answer to {verb} {command.LocUri} has {chars} characters; at most {MaxAnswerChars} can be sent. Ask for a smaller part."));
    }

    private static int Add(SyncMlRequest request, CspCommand command)
    {
        CspFormat format = command.Format is { } given ? ToFormat(given) : CspFormat.Chr;
        int list = command.LocUri.IndexOf(ListParameter, StringComparison.Ordinal);
        return command.Verb switch
        {
            CspVerb.Get when list >= 0 => request.Get(command.LocUri[..list], Enum.Parse<CspList>(command.LocUri[(list + ListParameter.Length)..])),
            CspVerb.Get => request.Get(command.LocUri),
            CspVerb.Replace => request.Replace(command.LocUri, format, command.Data),
            CspVerb.Add => request.Add(command.LocUri, format, command.Data),
            CspVerb.Delete => request.Delete(command.LocUri),
            CspVerb.Exec => request.Exec(command.LocUri, command.Data, format),
            _ => throw ConfiguratorException.InvalidArgument($"csp: there is no verb {(int)command.Verb}; there are {CspWords.Verbs}."),
        };
    }

    private static CspNode ToNode(SyncMlItem item, string asked, bool structure)
    {
        CspValueFormat format = CspWords.TryFormat(item.Format?.ToLowerInvariant() ?? string.Empty, out CspValueFormat known) ? known : CspValueFormat.Chr;
        return new CspNode
        {
            LocUri = item.LocUri.Length > 0 ? item.LocUri : asked,
            Format = format,
            Value = structure ? null : item.Data ?? string.Empty,
        };
    }

    private static CspFormat ToFormat(CspValueFormat format) =>
        CspFormats.TryParse(CspWords.Of(format), out CspFormat known)
            ? known
            : throw ConfiguratorException.InvalidArgument($"csp: there is no format {(int)format}; there are {CspWords.Formats}.");
}
