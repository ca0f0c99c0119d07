using System.Text.Json;
using System.Text.Json.Serialization;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations.Csp;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.CommandLine;

/// <summary>Says whether the policy would let a caller send an operation, and what would have to change if not.</summary>
internal static class ExplainCommand
{
    public const int Allowed = 0;
    public const int Refused = 3;

    public static int Run(CommandArguments arguments, TextWriter output)
    {
        string policyPath = arguments.Option("--policy") ?? RunOptions.DefaultPolicyPath;
        int? uid = arguments.Number("--uid", 0, int.MaxValue);
        string? unit = arguments.Option("--unit");
        string? sid = arguments.Option("--sid");
        string plugin = arguments.Option("--plugin") ?? throw new UsageException("explain needs --plugin ID.");
        string? attribute = arguments.Option("--attribute");
        string? value = arguments.Option("--value");
        string? locUri = arguments.Option("--loc-uri");
        string? verb = arguments.Option("--verb");
        string? tool = arguments.Option("--tool");
        string? toolArguments = arguments.Option("--arguments");
        string? file = arguments.Option("--file");
        string operation = arguments.Operands(1, "one operation")[0];
        if (!ConfiguratorOperations.All.Contains(operation))
        {
            throw new UsageException($"'{operation}' is no operation; there are {string.Join(", ", ConfiguratorOperations.All)}.");
        }

        if (uid is null && unit is null && sid is null)
        {
            throw new UsageException("explain needs --uid N, --unit NAME or --sid SID.");
        }

        CspVerb asked = default;
        if (operation == "csp" && (locUri is null || !CspWords.TryVerb(verb ?? string.Empty, out asked)))
        {
            throw new UsageException($"explain csp needs --loc-uri ADDRESS and --verb VERB; verbs are {CspWords.Verbs}.");
        }

        Policy policy = PolicyReader.Read(File.ReadAllBytes(policyPath));
        var caller = new CallerIdentity { Uid = (uint?)uid ?? UserOf(policy, unit), Unit = unit, Sid = sid };
        var authorizer = new Authorizer(policy, caller);
        if (operation == "runAllowedTool")
        {
            var run = new RunAllowedTool { Name = tool ?? throw new UsageException("explain runAllowedTool needs --tool NAME."), Arguments = Values(toolArguments) };
            return Answer(authorizer, plugin, operation, () => authorizer.Authorize(plugin, operation, run), output);
        }

        if (operation == "writeAllowedFile")
        {
            var write = new WriteAllowedFile { Name = file ?? throw new UsageException("explain writeAllowedFile needs --file NAME."), Contents = value ?? string.Empty };
            return Answer(authorizer, plugin, operation, () => authorizer.Authorize(plugin, operation, write), output);
        }

        if (operation == "csp")
        {
            return Answer(authorizer, plugin, operation, () => authorizer.AuthorizeNode(plugin, operation, locUri!, asked), output);
        }

        return Answer(authorizer, plugin, operation, () => authorizer.Authorize(plugin, operation, attribute, operation == "writeAttribute" ? value ?? string.Empty : null), output);
    }

    private static int Answer(Authorizer authorizer, string plugin, string operation, Func<GrantedThing?> authorize, TextWriter output)
    {
        try
        {
            string where = authorize() switch
            {
                GrantedAttribute attribute => $" on '{attribute.Name}' ({attribute.Path})",
                GrantedTool tool => $" to run '{tool.Path}' for at most {tool.TimeLimit.TotalSeconds:0} s",
                GrantedFile file => $" on '{file.Path}', at most {file.MaxBytes} bytes",
                GrantedNodes nodes => $" below '{nodes.Below}'{(nodes.Secret ? "; values are kept out of the audit" : string.Empty)}",
                _ => string.Empty,
            };
            output.WriteLine($"allowed: {authorizer.Describe()} may send '{operation}' for plugin '{plugin}'{where}.");
            return Allowed;
        }
        catch (ConfiguratorException e)
        {
            output.WriteLine($"denied: {e.Message}");
            return Refused;
        }
    }

    private static Dictionary<string, string>? Values(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, ExplainJson.Default.DictionaryStringString);
        }
        catch (JsonException e)
        {
            throw new UsageException($"--arguments is no JSON object of texts: {e.Message}");
        }
    }

    // Without --uid the unit is taken to run as the account that the policy names for it.
    private static uint? UserOf(Policy policy, string? unit) => policy.Callers
        .Select(caller => caller.Subject)
        .OfType<PolicySubject.Unit>()
        .Where(subject => subject.Name == unit)
        .Select(subject => UnitUser.Resolve(subject.User))
        .FirstOrDefault();
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class ExplainJson : JsonSerializerContext;
