using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Reads and changes nodes, each call a step of the operation.</summary>
internal sealed class CspClient(ICspTransport transport)
{
    /// <exception cref="ConfiguratorException">It cannot be read; <see cref="ConfiguratorErrorCode.NotFound"/> when it is not there.</exception>
    public string Get(string locUri, OperationContext context)
    {
        var request = new SyncMlRequest();
        int command = request.Get(locUri);
        SyncMlResponse response = Apply($"syncml Get {locUri}", request, context);
        return response.ResultOf(command) ?? throw SyncMlStatus.ToException("Get", locUri, response.StatusOf(command));
    }

    /// <summary>The value, or null when the node is not there.</summary>
    public string? TryGet(string locUri, OperationContext context)
    {
        try
        {
            return Get(locUri, context);
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Many values at once, in order; null where one cannot be read.</summary>
    public string?[] GetAll(string name, IReadOnlyList<string> locUris, OperationContext context)
    {
        var request = new SyncMlRequest();
        int[] commands = [.. locUris.Select(locUri => request.Get(locUri))];
        SyncMlResponse response = Apply($"syncml Get {name}", request, context);
        return [.. commands.Select(response.ResultOf)];
    }

    public void Replace(string locUri, CspFormat format, string data, OperationContext context)
    {
        var request = new SyncMlRequest();
        Expect(request, request.Replace(locUri, format, data), "Replace", locUri, context);
    }

    /// <summary>Deletes a node; one that is not there is deleted already.</summary>
    public void Delete(string locUri, OperationContext context)
    {
        try
        {
            var request = new SyncMlRequest();
            Expect(request, request.Delete(locUri), "Delete", locUri, context);
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotFound)
        {
        }
    }

    public void Exec(string locUri, OperationContext context)
    {
        var request = new SyncMlRequest();
        Expect(request, request.Exec(locUri), "Exec", locUri, context);
    }

    private void Expect(SyncMlRequest request, int command, string verb, string locUri, OperationContext context)
    {
        int status = Apply($"syncml {verb} {locUri}", request, context).StatusOf(command);
        if (!SyncMlStatus.IsSuccess(status))
        {
            throw SyncMlStatus.ToException(verb, locUri, status);
        }
    }

    private SyncMlResponse Apply(string step, SyncMlRequest request, OperationContext context)
    {
        string body = request.Build();
        return SyncMlResponse.Parse(context.Step(step, () => transport.Apply(body, context.Remaining)));
    }
}
