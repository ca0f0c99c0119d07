using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>Whose nodes a request is about.</summary>
internal static class SyncMlScope
{
    /// <exception cref="ConfiguratorException">It mixes the user's nodes with the device's, which no single call can serve, or is no SyncML.</exception>
    public static bool IsOfUser(string syncBody)
    {
        bool user = false;
        bool device = false;
        SyncMlReader.Read(syncBody, "The SyncML", Visit);
        return user && device
            ? throw ConfiguratorException.InvalidArgument("A request is about nodes of ./User or about nodes of the device, not both. Send two.")
            : user;

        void Visit(SyncMlReader part)
        {
            if (part.Name == "LocURI")
            {
                bool isUser = part.ReadText().AsSpan().Trim().StartsWith("./User/", StringComparison.OrdinalIgnoreCase);
                user |= isUser;
                device |= !isUser;
            }
            else if (part.Name == "Data")
            {
                // A value may hold any XML, other SyncML too.
                part.Skip();
            }
            else
            {
                part.ForEachChild(Visit);
            }
        }
    }
}
