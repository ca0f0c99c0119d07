using System.CommandLine;
using Microsoft.Extensions.Hosting;
using ModularDM.Host;
using ModularDM.Host.Provisioning;

var configuration = new Option<string?>("--config", "-c")
{
    Description = $"Configuration file. Without it, {DeviceHost.DefaultConfigurationFile} is read if it exists.",
    HelpName = "FILE",
};
var settings = new Argument<string[]>("settings")
{
    Description = "Settings that overrule the file and the environment, as Hub:CaFile=/etc/modulardm/ca.pem. Secrets do not belong here: others can see them.",
    Arity = ArgumentArity.ZeroOrMore,
};
var command = new RootCommand("The ModularDM device host: connects this device to its hub and runs its plugins.") { configuration, settings, ProvisionCommand.Create(configuration) };
command.SetAction(async (parsed, cancellationToken) =>
{
    try
    {
        using IHost host = DeviceHost.CreateBuilder(parsed.GetValue(settings) ?? [], parsed.GetValue(configuration)).Build();
        IReadOnlyList<string> mistakes = DeviceHost.FindMistakes(host);
        if (mistakes.Count == 0)
        {
            await host.RunAsync(cancellationToken);
            return 0;
        }

        foreach (string mistake in mistakes)
        {
            await Console.Error.WriteLineAsync($"mdm-host: {mistake}");
        }
    }
    catch (Exception e) when (e is FileNotFoundException or InvalidDataException or FormatException)
    {
        await Console.Error.WriteLineAsync($"mdm-host: {e.Message}");
    }

    // EX_CONFIG of sysexits.h: systemd's RestartPreventExitStatus can name it, since starting again would change nothing.
    return 78;
});
return await command.Parse(args).InvokeAsync();
