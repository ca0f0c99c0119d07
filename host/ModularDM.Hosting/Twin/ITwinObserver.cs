using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Twin;

/// <summary>Sees the twin as it arrives, beside the sections: the application that embeds the runtime has nodes of its own there.</summary>
internal interface ITwinObserver
{
    /// <summary>The whole twin was fetched. Must return at once.</summary>
    void OnTwin(HubTwin twin);

    /// <summary>A desired patch, next in order. Must return at once.</summary>
    void OnPatch(ReadOnlyMemory<byte> patch);
}
