namespace ModularDM.Configurator.Authorization;

/// <summary>The policy file cannot be used; the message lists everything that is wrong with it.</summary>
internal sealed class PolicyException(IReadOnlyList<string> errors)
    : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
