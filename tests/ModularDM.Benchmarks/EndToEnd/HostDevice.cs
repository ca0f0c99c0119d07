using System.Text.Json.Nodes;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>The device host as a device runs it: its own process, its own configuration file, the core plugins and the echo plugin, the flight recorder on.</summary>
internal static class HostDevice
{
    private static readonly string[] s_core = ["DeviceInfo", "Reboot", "Time", "WindowsTelemetry"];

    public static string DefaultProgram => Path.Combine(ChildProcess.Output("host/ModularDM.Host"), "mdm-host.dll");

    /// <summary>Lays out the plugins and starts the host.</summary>
    public static async Task<ChildProcess> StartAsync(string program, string folder, LocalHubProcess hub, string device)
    {
        string core = Path.Combine(folder, "core"), oem = Path.Combine(folder, "oem");
        foreach (string name in s_core)
        {
            CopyPlugin($"plugins/ModularDM.Plugins.{name}", core);
        }

        CopyPlugin("tests/ModularDM.Benchmarks/EchoPlugin", oem);
        string secret = Path.Combine(folder, "connection-string");
        await File.WriteAllTextAsync(secret, hub.ConnectionString(device));
        string file = Path.Combine(folder, "host.json");
        await File.WriteAllTextAsync(file, new JsonObject
        {
            ["Hub"] = new JsonObject { ["ConnectionStringFile"] = secret, ["CaFile"] = hub.CaFile },
            ["Runtime"] = new JsonObject { ["DataFolder"] = Path.Combine(folder, "state") },
            ["Plugins"] = Plugins(folder, core, oem),
            ["Configurator"] = new JsonObject { ["Endpoint"] = Path.Combine(folder, "nobody.sock") },
            ["Telemetry"] = new JsonObject { ["FlightRecorder"] = new JsonObject { ["Folder"] = Path.Combine(folder, "traces") } },
        }.ToJsonString());
        return ChildProcess.Start(program, ["--config", file]);
    }

    public static JsonObject Plugins(string folder, string core, params string[] oem) => new()
    {
        ["CoreFolder"] = core,
        ["Folders"] = new JsonArray([.. oem.Select(root => JsonValue.Create(root))]),
        ["SettingsFolder"] = Path.Combine(folder, "settings"),
        ["DataFolder"] = Path.Combine(folder, "data"),
    };

    public static void CopyPlugin(string project, string root)
    {
        string built = ChildProcess.Output(project);
        string id = (string)JsonNode.Parse(File.ReadAllText(Path.Combine(built, "plugin.json")))!["id"]!;
        string target = Directory.CreateDirectory(Path.Combine(root, id)).FullName;
        foreach (string file in Directory.GetFiles(built))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }
}
