namespace ModularDM.Hosting.Storage;

/// <summary>Where files come from and go to, as the hub set it. The value is a secret: it is held in memory alone.</summary>
internal sealed class ExternalStorage
{
    private volatile string? _connectionString;

    /// <summary>The connection string or SAS address; null when none is set.</summary>
    public string? ConnectionString
    {
        get => _connectionString;
        set => _connectionString = value;
    }
}
