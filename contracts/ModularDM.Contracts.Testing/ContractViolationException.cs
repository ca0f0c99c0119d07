namespace ModularDM.Contracts.Testing;

/// <summary>A plugin breaks a promise of the contract. The message says which, and what was seen.</summary>
public sealed class ContractViolationException(string message) : Exception(message);
