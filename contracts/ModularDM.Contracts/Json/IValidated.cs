namespace ModularDM.Contracts.Json;

/// <summary>Implemented by a section, payload or settings type that has rules across its members.</summary>
public interface IValidated
{
    /// <summary>All that is wrong; nothing when all is well. Called after every member was read and found good by itself.</summary>
    IEnumerable<SectionError> Validate();
}
