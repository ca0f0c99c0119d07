namespace ModularDM.Contracts;

/// <summary>One thing that is wrong, in words an operator can act on.</summary>
/// <param name="Path">The member, as <c>schedule.start</c>; empty for the whole section, payload or file.</param>
/// <param name="Message">What is wrong and what is allowed. Never a secret: it is reported, logged and traced.</param>
/// <param name="Code">A number of <see cref="ErrorCodes"/>, or the platform's own.</param>
/// <param name="SubSystem">Which part the number belongs to.</param>
public sealed record SectionError(string Path, string Message, int Code, ErrorSubSystem SubSystem = ErrorSubSystem.DeviceManagement)
{
    /// <summary>"path: message", or the message alone.</summary>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
