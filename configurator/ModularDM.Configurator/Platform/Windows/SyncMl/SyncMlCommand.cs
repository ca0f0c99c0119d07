namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>One command of a <c>SyncBody</c>. An Atomic has commands inside instead of an address.</summary>
internal sealed record SyncMlCommand(int Id, string Verb, string LocUri, CspFormat? Format, string? Data, IReadOnlyList<SyncMlCommand>? Inside = null);
