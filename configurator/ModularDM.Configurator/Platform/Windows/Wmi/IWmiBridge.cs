namespace ModularDM.Configurator.Platform.Windows.Wmi;

/// <summary>The boundary to WMI, namespace <c>root\cimv2\mdm\dmmap</c>. Each member returns a SyncML status.</summary>
internal interface IWmiBridge
{
    /// <param name="node">The node.</param>
    /// <param name="value">A text, an int or a bool; null when there is none, and the status is not 404 then.</param>
    int Read(WmiNode node, out object? value);

    /// <summary>Sets the property, and makes the instance where it is not there; null takes the value back.</summary>
    int Write(WmiNode node, string? value);

    /// <summary>Calls the method of the node.</summary>
    int Invoke(WmiNode node, string? data);
}
