namespace ModularDM.Hub.Local.Twins;

/// <summary>Desired or reported properties: the document without bookkeeping, the tree of time stamps that mirrors it, and the version.</summary>
internal sealed record TwinSection(byte[] Body, byte[] Metadata, long Version);

/// <summary>One state of a device's twin. Immutable, so that readers need no lock and the store writes exactly what was acknowledged.</summary>
internal sealed record Twin(long ETag, long Version, byte[] Tags, TwinSection Desired, TwinSection Reported);
