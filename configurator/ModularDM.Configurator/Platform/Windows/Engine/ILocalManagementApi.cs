namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <summary>The boundary to <c>mdmlocalmanagement.dll</c>, one member for each of its functions that is used.</summary>
internal interface ILocalManagementApi
{
    /// <summary>Enrols the device with its own local management; it may be repeated. Returns an HRESULT.</summary>
    int Register();

    /// <summary>Applies a <c>SyncBody</c>. Returns an HRESULT; <paramref name="answer"/> is to be freed whatever it is.</summary>
    int Apply(string syncBody, out IntPtr answer);

    void Free(IntPtr answer);
}
