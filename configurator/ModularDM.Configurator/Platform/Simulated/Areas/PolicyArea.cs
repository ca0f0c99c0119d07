using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>Policy: what is set below Config is in force below Result; what is taken back leaves there what the device does by itself.</summary>
internal sealed class PolicyArea(CspSchema schema) : SimulatedArea
{
    private const string Config = "./Vendor/MSFT/Policy/Config/";
    private const string Result = "./Vendor/MSFT/Policy/Result/";

    // Those of the built-in table; other tables' policies only keep their value.
    public override IReadOnlyList<string> Addresses { get; } =
    [
        .. ((string[])["System", "Update"]).SelectMany(area => schema.Find(Config + area)!.Children
            .Where(policy => !policy.IsDynamic && schema.Find($"{Result}{area}/{policy.Name}") is not null)
            .Select(policy => $"{Config}{area}/{policy.Name}")),
    ];

    public override CspOutcome? OnSet(CspCall call)
    {
        call.Tree.Set(InForce(call), call.Data);
        return null;
    }

    public override CspOutcome? OnDelete(CspCall call)
    {
        call.Tree.Set(InForce(call));
        return null;
    }

    private static string InForce(CspCall call) => Result + call.Address[Config.Length..];
}
