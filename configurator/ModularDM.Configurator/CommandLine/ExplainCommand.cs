using ModularDM.Configurator.Authorization;
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
        string operation = arguments.Operands(1, "one operation")[0];
        if (!ConfiguratorOperations.All.Contains(operation))
        {
            throw new UsageException($"'{operation}' is no operation; there are {string.Join(", ", ConfiguratorOperations.All)}.");
        }

        if (uid is null && unit is null && sid is null)
        {
            throw new UsageException("explain needs --uid N, --unit NAME or --sid SID.");
        }

        Policy policy = PolicyReader.Read(File.ReadAllBytes(policyPath));
        var caller = new CallerIdentity { Uid = (uint?)uid ?? UserOf(policy, unit), Unit = unit, Sid = sid };
        return Answer(new Authorizer(policy, caller), plugin, operation, attribute, value, output);
    }

    private static int Answer(Authorizer authorizer, string plugin, string operation, string? attribute, string? value, TextWriter output)
    {
        try
        {
            GrantedAttribute? granted = authorizer.Authorize(plugin, operation, attribute, operation == "writeAttribute" ? value ?? string.Empty : null);
            output.WriteLine(granted is null
                ? $"allowed: {authorizer.Describe()} may send '{operation}' for plugin '{plugin}'."
                : $"allowed: {authorizer.Describe()} may send '{operation}' for plugin '{plugin}' on '{granted.Name}' ({granted.Path}).");
            return Allowed;
        }
        catch (ConfiguratorException e)
        {
            output.WriteLine($"denied: {e.Message}");
            return Refused;
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
