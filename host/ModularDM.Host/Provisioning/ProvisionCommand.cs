using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModularDM.Hosting.Hub;

namespace ModularDM.Host.Provisioning;

/// <summary><c>mdm-host provision</c>: tells an installed device who it is, after trying it out.</summary>
internal static class ProvisionCommand
{
    private const int Refused = 1;
    private const int BadConfiguration = 78;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    public static Command Create(Option<string?> configuration)
    {
        var connectionString = new Option<string?>("--connection-string-file") { Description = "File that holds the device's connection string; - reads it from standard input.", HelpName = "FILE" };
        var service = new Option<bool>("--dps") { Description = "Ask the provisioning service which hub the device belongs to." };
        var idScope = new Option<string?>("--id-scope") { Description = "With --dps: the id scope.", HelpName = "SCOPE" };
        var registrationId = new Option<string?>("--registration-id") { Description = "With --dps: the device's name there.", HelpName = "ID" };
        var key = new Option<string?>("--key-file") { Description = "With --dps: file that holds the base64 key of the device's enrolment; - reads it from standard input.", HelpName = "FILE" };
        var group = new Option<bool>("--group-key") { Description = "The key is that of a group. The device's own is made from it, and only that one is kept." };
        var endpoint = new Option<string?>("--endpoint") { Description = "With --dps: the service, if it is not the usual one.", HelpName = "HOST[:PORT]" };
        var noCheck = new Option<bool>("--no-check") { Description = "Do not connect before it is written." };
        var command = new Command("provision", "Tells this device who it is at its hub, and tries it out first. Secrets are read from files, never from the command line.")
        {
            configuration, connectionString, service, idScope, registrationId, key, group, endpoint, noCheck,
        };
        command.Validators.Add(result =>
        {
            bool byService = result.GetValue(service);
            Option[] ofService = [idScope, registrationId, key];
            if (byService == (result.GetResult(connectionString) is not null))
            {
                result.AddError("Say either --connection-string-file FILE, or --dps --id-scope SCOPE --registration-id ID --key-file FILE.");
            }
            else if (byService && ofService.FirstOrDefault(option => result.GetResult(option) is null) is { } missing)
            {
                result.AddError($"--dps needs {missing.Name} too.");
            }
            else if (!byService && ofService.Concat([group, endpoint]).FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } alone)
            {
                result.AddError($"{alone.Name} goes with --dps.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            () => parsed.GetValue(connectionString) is { } file
                ? DeviceIdentity.FromConnectionString(ReadSecret(file))
                : DeviceIdentity.FromProvisioning(
                    parsed.GetValue(idScope)!, parsed.GetValue(registrationId)!, ReadSecret(parsed.GetValue(key)!), parsed.GetValue(group), parsed.GetValue(endpoint)),
            parsed.GetValue(configuration),
            !parsed.GetValue(noCheck),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Func<DeviceIdentity> read, string? configurationFile, bool check, CancellationToken cancellationToken)
    {
        try
        {
            DeviceIdentity identity = read();
            using var store = new IdentityStore(configurationFile ?? DeviceHost.DefaultConfigurationFile);
            if (await FindFaultAsync(identity, store.Stage(identity), configurationFile, check, cancellationToken) is { } exitCode)
            {
                return exitCode;
            }

            store.Commit(identity);
            Console.WriteLine($"{(check ? "" : "Not tried out. ")}Written to {store.SettingsFile}.");
            Console.WriteLine(OperatingSystem.IsWindows() ? "Next: Restart-Service ModularDMHost" : "Next: systemctl restart modulardm-host.service, then journalctl -u modulardm-host.service");
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or FormatException)
        {
            return Say(e.Message, BadConfiguration);
        }
        catch (UnauthorizedAccessException e)
        {
            return Say($"{e.Message} Run this as root.", Refused);
        }
    }

    private static async Task<int?> FindFaultAsync(DeviceIdentity identity, string secretFile, string? configurationFile, bool check, CancellationToken cancellationToken)
    {
        // Whatever the trial keeps is not the service's: another user's, and of a device that may be refused.
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("mdm-provision-");
        try
        {
            HostApplicationBuilder builder = DeviceHost.CreateBuilder([.. identity.ToCommandLine(secretFile), $"Runtime:DataFolder={scratch.FullName}"], configurationFile);
            builder.Logging.ClearProviders();
            using IHost host = builder.Build();
            IReadOnlyList<string> mistakes = DeviceHost.FindMistakes(host);
            foreach (string mistake in mistakes)
            {
                Say(mistake, BadConfiguration);
            }

            if (mistakes.Count > 0)
            {
                return BadConfiguration;
            }

            if (check)
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(s_limit);
                HubIdentity accepted = await HubProbe.ConnectAsync(host.Services, limit.Token);
                Console.WriteLine($"Connected as {accepted}.");
            }

            return null;
        }
        catch (HubException e)
        {
            return Say($"{e.Message} Nothing was changed. With --no-check it is written without trying.", Refused);
        }
        catch (OperationCanceledException)
        {
            return Say($"Not connected within {s_limit.TotalMinutes} minutes, or interrupted. Nothing was changed. With --no-check it is written without trying.", Refused);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static string ReadSecret(string file)
    {
        string text = (file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file)).Trim();
        return text.Length > 0 ? text : throw new FormatException($"'{file}' is empty.");
    }

    private static int Say(string message, int exitCode)
    {
        Console.Error.WriteLine($"mdm-host: {message}");
        return exitCode;
    }
}
