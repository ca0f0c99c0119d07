using System.Text;
using System.Text.Json;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Authorization;

internal sealed partial class Authorizer
{
    /// <inheritdoc cref="Authorize(string, string, ConfiguratorRequest)"/>
    public GrantedTool AuthorizeTool(string plugin, string operation, string name, IReadOnlyDictionary<string, string>? arguments) => Choose(
        plugin, operation, $"tool '{name}'", grant => grant.Tools.FirstOrDefault(tool => tool.Name == name), tool => ToolArguments.WrongWith(tool, arguments),
        $"add to the tools of that grant {{ \"name\": \"{name}\", \"path\": \"...\", \"arguments\": [ ... ] }}");

    /// <inheritdoc cref="Authorize(string, string, ConfiguratorRequest)"/>
    public GrantedFile AuthorizeFile(string plugin, string operation, string name, string contents) => Choose(
        plugin, operation, $"file '{name}'", grant => grant.Files.FirstOrDefault(file => file.Name == name), file => WrongWith(file, contents),
        $"add to the files of that grant {{ \"name\": \"{name}\", \"folder\": \"...\", \"file\": \"...\" }}");

    private static string? WrongWith(GrantedFile file, string contents)
    {
        int bytes = Encoding.UTF8.GetByteCount(contents);
        if (bytes > file.MaxBytes)
        {
            return $"{bytes} bytes are over its maxBytes of {file.MaxBytes}";
        }

        if (file.Pattern?.IsMatch(contents) == false)
        {
            return "its \"pattern\" does not match the contents";
        }

        if (!file.Json)
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(contents);
            return null;
        }
        catch (JsonException e)
        {
            return $"the contents are no JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})";
        }
    }

    private T Choose<T>(string plugin, string operation, string what, Func<PolicyGrant, T?> find, Func<T, string?> wrongWith, string fix)
        where T : GrantedThing
    {
        PolicyGrant[] grants = [.. GrantsFor(plugin).Where(grant => grant.Operations.Contains(operation))];
        if (grants.Length == 0)
        {
            throw ConfiguratorException.Denied(Explain(plugin, operation, null, operationGranted: false, null));
        }

        string? wrong = null;
        foreach (T granted in grants.Select(find).OfType<T>())
        {
            wrong = wrongWith(granted);
            if (wrong is null)
            {
                return granted;
            }
        }

        throw ConfiguratorException.Denied(wrong is null ? $"{Who(plugin, operation)} on {what}: {fix}." : $"{Who(plugin, operation)} on {what}: {wrong}.");
    }
}
