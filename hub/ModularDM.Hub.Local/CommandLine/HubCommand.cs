using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Routing;
using ModularDM.Hub.Local.Throttling;

namespace ModularDM.Hub.Local.CommandLine;

/// <summary>The command line of <c>mdm-hub</c>.</summary>
internal static class HubCommand
{
    public static RootCommand Create()
    {
        var mqttPort = new Option<int>("--mqtt-port") { Description = "Port for devices (MQTT over TLS); 0 for any free one.", DefaultValueFactory = _ => 8883 };
        var httpsPort = new Option<int>("--https-port") { Description = "Port for services (HTTPS); 0 for any free one.", DefaultValueFactory = _ => 8443 };
        var amqpPort = new Option<int?>("--amqp-port") { Description = "Port for services that send messages to devices (AMQP over TLS), 5671 by custom; 0 for any free one, none by default.", HelpName = "port" };
        var bind = new Option<string>("--bind") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
        var data = new Option<string>("--data") { Description = "Folder for the database and the certificate authority.", DefaultValueFactory = _ => DefaultDataFolder() };
        var devices = new Option<string[]>("--device") { Description = "A device to create if it is missing; may be repeated.", HelpName = "id", DefaultValueFactory = _ => [] };
        var name = new Option<string>("--hub-name") { Description = "The hub's host name in connection strings.", DefaultValueFactory = _ => "localhost" };
        var authorities = new Option<string[]>("--ca-certificate")
        {
            Description = "PEM file of an authority whose certificates devices may come with; may be repeated.", HelpName = "path", DefaultValueFactory = _ => [],
        };
        var dpsPort = new Option<int?>("--dps-port") { Description = "Port for devices that ask the provisioning service for their hub; 0 for any free one. Without it there is none." };
        var dpsBind = new Option<string?>("--dps-bind") { Description = "Address for the provisioning service, if it is another than the hub's.", HelpName = "address" };
        var idScope = new Option<string>("--id-scope") { Description = "The provisioning service's id scope.", DefaultValueFactory = _ => "0ne00000000" };
        var ready = new Option<string?>("--ready-file") { Description = "File to write the READY line's JSON to once the hub listens.", HelpName = "path" };
        var routes = new Option<string?>("--routes") { Description = "JSON file that says where messages, twin changes and connections are sent on to.", HelpName = "path" };
        var jobsAtOnce = new Option<int>("--jobs-at-once") { Description = "How many jobs run at one time; the others wait.", HelpName = "number", DefaultValueFactory = _ => 1 };
        var configurationSeconds = new Option<int>("--configuration-interval-seconds")
        {
            Description = "How often configurations look at all twins, beside when one of them changes.", HelpName = "seconds", DefaultValueFactory = _ => 300,
        };
        var level = new Option<LogLevel>("--log-level") { Description = "What to log, to standard error.", DefaultValueFactory = _ => LogLevel.Warning };
        var faults = new Option<bool>("--allow-faults") { Description = "Let the REST API inject faults, for tests of devices and services." };
        var throttle = new Option<HubThrottle?>("--throttle")
        {
            Description = "Take no more than an S1 hub of so many units; without it the hub takes all that comes.",
            HelpName = "s1[:units]",
            CustomParser = result =>
            {
                if (HubThrottle.TryParse(result.Tokens[0].Value, out HubThrottle? rates))
                {
                    return rates;
                }

                result.AddError($"--throttle must be s1, or s1:<units> with 1 to 200 units; it is '{result.Tokens[0].Value}'.");
                return null;
            },
        };
        CheckPort(mqttPort);
        CheckPort(httpsPort);
        CheckPort(dpsPort);
        CheckPort(amqpPort);
        CheckRange(jobsAtOnce, 1, HubChoices.MaxActiveJobs);
        CheckRange(configurationSeconds, 1, LocalHubOptions.LongestConfigurationSeconds);
        devices.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (!DeviceIdentity.IsValidId(token.Value))
                {
                    result.AddError($"'{token.Value}' is not a device id.");
                }
            }
        });

        var command = new RootCommand("A local IoT Hub: devices connect by MQTT, services by REST, as they do to Azure IoT Hub.")
        {
            mqttPort, httpsPort, amqpPort, bind, data, devices, name, authorities, dpsPort, dpsBind, idScope, ready, routes, jobsAtOnce, configurationSeconds, level,
            faults, throttle,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            LogLevel least = arguments.GetValue(level);
            IReadOnlyList<HubRoute> configured;
            try
            {
                configured = arguments.GetValue(routes) is { } path ? RouteSettings.Load(path) : [];
            }
            catch (LocalHubStartException e)
            {
                return HubProcess.RefuseAsync(e, arguments.InvocationConfiguration.Error);
            }

            var options = new LocalHubOptions
            {
                MqttPort = arguments.GetValue(mqttPort),
                HttpsPort = arguments.GetValue(httpsPort),
                AmqpPort = arguments.GetValue(amqpPort),
                Bind = arguments.GetValue(bind)!,
                DataFolder = arguments.GetValue(data)!,
                Devices = arguments.GetValue(devices)!,
                Routes = configured,
                JobsAtOnce = arguments.GetValue(jobsAtOnce),
                ConfigurationInterval = TimeSpan.FromSeconds(arguments.GetValue(configurationSeconds)),
                HubName = arguments.GetValue(name)!,
                CaCertificates = arguments.GetValue(authorities)!,
                DpsPort = arguments.GetValue(dpsPort),
                DpsBind = arguments.GetValue(dpsBind),
                IdScope = arguments.GetValue(idScope)!,
                Throttle = arguments.GetValue(throttle),
                AllowFaults = arguments.GetValue(faults),
                Logging = logging => Configure(logging, least),
            };
            return HubProcess.RunAsync(options, arguments.GetValue(ready), arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, cancellationToken);
        });
        return command;
    }

    // The frame's own report of a failed start would bury the one sentence that says what to do.
    private static void Configure(ILoggingBuilder logging, LogLevel least) => logging
        .SetMinimumLevel(least)
        .AddFilter("Microsoft", least > LogLevel.Warning ? least : LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    private static void CheckPort<T>(Option<T> option) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token, ..] && !(ushort.TryParse(token.Value, System.Globalization.CultureInfo.InvariantCulture, out _)))
        {
            result.AddError($"{option.Name} must be a port from 0 to 65535.");
        }
    });

    private static void CheckRange(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token, ..]
            && !(int.TryParse(token.Value, System.Globalization.CultureInfo.InvariantCulture, out int number) && number >= least && number <= most))
        {
            result.AddError($"{option.Name} must be a whole number from {least} to {most}.");
        }
    });

    private static string DefaultDataFolder() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home ? home : ".",
        "modulardm",
        "hub");
}
