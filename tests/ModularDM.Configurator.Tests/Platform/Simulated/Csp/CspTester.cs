using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>A tree in memory, with what it kept last.</summary>
internal sealed class CspTester : ICspTreeStore
{
    private readonly CspVerbs _verbs;

    public CspTester(CspSchema schema, params ICspNodeBehaviour[] behaviours)
    {
        Tree = new CspTree(schema, this, behaviours);
        _verbs = new CspVerbs(Tree);
    }

    public CspTree Tree { get; }

    public CspTreeContent Kept { get; private set; } = new(new Dictionary<string, string?>(), new Dictionary<string, string>());

    public int Saves { get; private set; }

    public CspTreeContent Load() => Kept;

    public void Save(CspTreeContent content)
    {
        Kept = content;
        Saves++;
    }

    public CspOutcome Do(string verb, string locUri, string? format = null, string? data = null) => Tree.Change(_ => _verbs.Do(verb, locUri, format, data));

    public int Status(string verb, string locUri, string? format = null, string? data = null) => Do(verb, locUri, format, data).Status;
}
