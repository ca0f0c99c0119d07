using System.Globalization;
using System.Security.Cryptography;
using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Server;

/// <summary>Where somebody at the device approves what the policy wants approved.</summary>
internal interface IApprovals
{
    /// <summary>Writes down what waits; the answer names it for <see cref="IsGiven"/>.</summary>
    /// <exception cref="ConfiguratorException">It could not be written down.</exception>
    string Ask(string operation, string who, DateTimeOffset expires);

    /// <summary>True once it was approved.</summary>
    bool IsGiven(string approval);
}

/// <summary>A folder of the state folder, with one file for each request that waits: whoever can write there has root's rights already.</summary>
internal sealed class ApprovalFolder(string stateFolder, TimeProvider clock) : IApprovals
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string Waiting = ".waiting";
    private const string Approved = ".approved";
    private readonly string _folder = Path.Combine(stateFolder, "approvals");

    public string Ask(string operation, string who, DateTimeOffset expires)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(_folder);
            }
            else
            {
                Directory.CreateDirectory(_folder, OwnerOnly);
            }

            DropExpired();
            File.WriteAllText(Path.Combine(_folder, id + Waiting), string.Create(CultureInfo.InvariantCulture, $"{expires.ToUnixTimeSeconds()} {operation} for {who}\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfiguratorException(
                new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{operation} was not done, because its approval could not be asked for.", e.Message), e);
        }

        return id;
    }

    public bool IsGiven(string approval) => File.Exists(Path.Combine(_folder, approval + Approved));

    /// <summary>What waits: the id and a sentence.</summary>
    public IEnumerable<(string Id, string What)> List() => !Directory.Exists(_folder) ? [] : Directory.GetFiles(_folder, "*" + Waiting)
        .Order(StringComparer.Ordinal)
        .Select(path => (Path.GetFileNameWithoutExtension(path), File.ReadAllText(path).Trim()))
        .Select(entry => (entry.Item1, entry.Item2[(entry.Item2.IndexOf(' ', StringComparison.Ordinal) + 1)..]));

    /// <summary>False when nothing of that id waits.</summary>
    public bool Approve(string id)
    {
        string waiting = Path.Combine(_folder, id + Waiting);
        if (id.Length != 8 || !id.All(char.IsAsciiHexDigitLower) || !File.Exists(waiting))
        {
            return false;
        }

        File.Move(waiting, Path.Combine(_folder, id + Approved), overwrite: true);
        return true;
    }

    // The first word of a file is when it expires; what expired was forgotten by the service too.
    private void DropExpired()
    {
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (string path in Directory.GetFiles(_folder))
        {
            string first = File.ReadAllText(path).Split(' ')[0];
            if (!long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out long expires) || expires < now)
            {
                File.Delete(path);
            }
        }
    }
}
