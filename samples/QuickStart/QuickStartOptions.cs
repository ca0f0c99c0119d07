using System.Net;

namespace ModularDM.Samples.QuickStart;

/// <summary>What the command line says.</summary>
internal sealed record QuickStartOptions(
    int MqttPort, int HttpsPort, int DashboardPort, IPAddress Bind, DirectoryInfo Data, string Platform, bool ChangeThisMachine);
