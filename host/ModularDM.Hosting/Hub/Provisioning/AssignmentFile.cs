using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>Keeps the assignment between two runs, so that a start needs no provisioning service. It holds no secret; it is for the runtime's user alone all the same.</summary>
internal sealed partial class AssignmentFile
{
    private readonly ProvisioningOptions _options;
    private readonly string _registrationId;
    private readonly ILogger _logger;

    public AssignmentFile(string folder, ProvisioningOptions options, string registrationId, ILogger logger)
    {
        _options = options;
        _registrationId = registrationId;
        _logger = logger;
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{options.Endpoint}\n{options.IdScope}\n{registrationId}")).AsSpan(0, 8));
        FilePath = Path.Combine(folder, $"hub-{key}.json");
    }

    /// <summary>Where it is.</summary>
    public string FilePath { get; }

    /// <summary>What was said last; null when nothing was, or nothing that can be read.</summary>
    public Assignment? Load()
    {
        try
        {
            Assignment? found = File.Exists(FilePath) ? JsonSerializer.Deserialize(File.ReadAllBytes(FilePath), AssignmentJson.Default.Assignment) : null;
            return found is not null && found.IdScope == _options.IdScope && found.RegistrationId == _registrationId && found.Endpoint == _options.Endpoint ? found : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            AssignmentNotReadable(e, FilePath);
            return null;
        }
    }

    /// <summary>Remembers an assignment; if that fails, the next start asks the service again.</summary>
    public void Save(Assignment assignment)
    {
        string beside = FilePath + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
            using (var file = new FileStream(beside, options))
            {
                JsonSerializer.Serialize(file, assignment, AssignmentJson.Default.Assignment);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, FilePath, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            AssignmentNotSaved(e, FilePath);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The assigned hub in {File} cannot be read; the provisioning service is asked again")]
    private partial void AssignmentNotReadable(Exception exception, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "The assigned hub cannot be written to {File}; the next start needs the provisioning service")]
    private partial void AssignmentNotSaved(Exception exception, string file);
}
