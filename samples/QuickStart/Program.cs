using System.CommandLine;
using System.Net;
using ModularDM.Samples.QuickStart;

// The same program plays two parts: the supervisor that a person starts, and the host process with a small application in it.
if (args is ["host", .. string[] rest])
{
    return await HostProcess.RunAsync(rest);
}

var mqttPort = new Option<int>("--mqtt-port") { Description = "Port of the hub's device side (MQTT over TLS); 0 takes any free one.", DefaultValueFactory = _ => 8883 };
var httpsPort = new Option<int>("--https-port") { Description = "Port of the hub's service side (REST over HTTPS); 0 takes any free one.", DefaultValueFactory = _ => 8443 };
var dashboardPort = new Option<int>("--dashboard-port") { Description = "Port of the dashboard, once there is one; 0 takes any free one.", DefaultValueFactory = _ => 5080 };
var bind = new Option<string>("--bind") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
var data = new Option<DirectoryInfo>("--data") { Description = "Folder for everything the system keeps.", DefaultValueFactory = _ => new DirectoryInfo(".quickstart") };
var platform = new Option<string>("--platform") { Description = "The device: 'simulated', or 'linux' for this very machine.", DefaultValueFactory = _ => "simulated" };
var changeThisMachine = new Option<bool>("--change-this-machine") { Description = "With --platform linux outside a container or VM: yes, change this machine's settings." };
platform.AcceptOnlyFromAmong("simulated", "linux");
bind.Validators.Add(result =>
{
    if (!IPAddress.TryParse(result.GetValueOrDefault<string>(), out _))
    {
        result.AddError("--bind expects an IP address, as 127.0.0.1.");
    }
});

var command = new RootCommand("ModularDM on one machine: a local hub, the root configurator on a simulated device, and the device host with its plugins.")
{
    mqttPort, httpsPort, dashboardPort, bind, data, platform, changeThisMachine,
};
command.SetAction((parsed, cancellationToken) => Supervisor.RunAsync(
    new QuickStartOptions(
        parsed.GetValue(mqttPort),
        parsed.GetValue(httpsPort),
        parsed.GetValue(dashboardPort),
        IPAddress.Parse(parsed.GetValue(bind)!),
        parsed.GetValue(data)!,
        parsed.GetValue(platform)!,
        parsed.GetValue(changeThisMachine)),
    cancellationToken));
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(2) });
