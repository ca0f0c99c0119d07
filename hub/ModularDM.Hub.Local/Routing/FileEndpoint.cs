namespace ModularDM.Hub.Local.Routing;

/// <summary>Appends records to a file, a line each, and starts a new one when it is full.</summary>
internal sealed class FileEndpoint : IRouteEndpoint
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();
    private readonly RouteFile settings;
    private readonly string path;
    private FileStream? file;

    /// <exception cref="LocalHubStartException">The file cannot be opened.</exception>
    public FileEndpoint(string route, RouteFile settings)
    {
        this.settings = settings;
        path = Path.GetFullPath(settings.Path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalHubStartException.BadRoutes($"Route '{route}': '{path}' cannot be written: {e.Message}", e);
        }
    }

    public async Task<string?> TryDeliverAsync(byte[] record, CancellationToken cancellationToken)
    {
        try
        {
            file ??= Open();
            if (file.Length > 0 && file.Length + record.Length + NewLine.Length > settings.MaxBytes)
            {
                await RotateAsync();
            }

            // One write, so that a line is whole or not there.
            byte[] line = [.. record, .. NewLine];
            await file!.WriteAsync(line, cancellationToken);
            await file.FlushAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await DisposeAsync();
            return $"The file cannot be written: {e.Message}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (file is { } open)
        {
            file = null;
            await open.DisposeAsync();
        }
    }

    // What devices say is for the owner alone.
    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private async Task RotateAsync()
    {
        await DisposeAsync();
        for (int i = settings.Keep; i > 0; i--)
        {
            string from = i == 1 ? path : $"{path}.{i - 1}";
            if (File.Exists(from))
            {
                File.Move(from, $"{path}.{i}", overwrite: true);
            }
        }

        file = Open();
    }
}
