namespace ModularDM.Hub.Local.Storage;

/// <summary>Several changes that are taken together or not at all.</summary>
internal sealed record StoreChanges(params IReadOnlyList<StoreChange> Parts) : StoreChange
{
    public override void Write(StoreWriter writer)
    {
        foreach (StoreChange part in Parts)
        {
            part.Write(writer);
        }
    }
}
