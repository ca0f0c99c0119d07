using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModularDM.Samples.QuickStart;

/// <summary>Writes what an administrator would write on a real device: the host's configuration and root's policy.</summary>
internal static class Configuration
{
    private const string Pwm = "pwm0", Tachometer = "fan0_input", Temperature = "temp0_input";
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    public static void WriteHost(Layout layout, HubReady hub, HubDevice device)
    {
        Layout.WritePrivate(layout.ConnectionString, device.ConnectionString);
        Write(layout.HostConfiguration, new JsonObject
        {
            ["Hub"] = new JsonObject { ["ConnectionStringFile"] = layout.ConnectionString, ["CaFile"] = hub.CaFile },
            ["Configurator"] = new JsonObject { ["Endpoint"] = layout.Socket },
            ["Runtime"] = new JsonObject { ["DataFolder"] = layout.Host },
            ["Plugins"] = new JsonObject
            {
                ["CoreFolder"] = layout.CorePlugins,
                ["Folders"] = new JsonArray(layout.OemPlugins),
                ["SettingsFolder"] = layout.PluginSettings,
                ["DataFolder"] = Path.Combine(layout.Host, "plugins"),
            },
            ["Telemetry"] = new JsonObject { ["FlightRecorder"] = new JsonObject { ["Folder"] = Path.Combine(layout.Host, "traces") } },
        });
    }

    /// <summary>Root's policy, unless there is one that somebody may have changed: who may ask for what. Everything else is refused.</summary>
    public static void WritePolicy(Layout layout)
    {
        // Files of the names that a real fan and a real sensor have below /sys: the simulated tachometer follows its duty cycle by them.
        (string Name, string Start)[] attributes = [(Pwm, "0"), (Tachometer, "0"), (Temperature, "42000")];
        foreach ((string name, string start) in attributes)
        {
            string file = layout.Attribute(name);
            if (!File.Exists(file))
            {
                Layout.WritePrivate(file, start);
            }
        }

        if (File.Exists(layout.Policy))
        {
            return;
        }

        JsonObject Attribute(string name, string file, string? pattern = null)
        {
            var attribute = new JsonObject { ["name"] = name, ["path"] = layout.Attribute(file) };
            if (pattern is not null)
            {
                attribute["pattern"] = pattern;
            }

            return attribute;
        }

        Write(layout.Policy, new JsonObject
        {
            ["version"] = 1,
            ["callers"] = new JsonArray(new JsonObject
            {
                ["subject"] = CurrentUser.Subject(),
                ["grants"] = new JsonArray(
                    Grant("modulardm.deviceinfo", ["getDeviceInfo"]),
                    Grant("modulardm.time", ["getTimeZone", "setTimeZone", "getNtpServer", "setNtpServer", "getTimeService", "setTimeService"]),
                    Grant("modulardm.reboot", ["getRebootSchedule", "setRebootSchedule", "getRebootPolicy", "rebootNow"]),
                    Grant("modulardm.windowstelemetry", ["getTelemetryLevel", "setTelemetryLevel"]),
                    Grant("contoso.thermometer", ["readAttribute"], Attribute("temp0.input", Temperature)),
                    Grant("contoso.fancontrol", ["readAttribute", "writeAttribute"], Attribute("fan0.pwm", Pwm, "[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5]"), Attribute("fan0.rpm", Tachometer))),
            }),
            ["reboot"] = new JsonObject { ["graceSeconds"] = 1 },
        });
    }

    private static JsonObject Grant(string plugin, string[] operations, params JsonObject[] attributes)
    {
        var grant = new JsonObject { ["plugin"] = plugin, ["operations"] = new JsonArray([.. operations.Select(operation => JsonValue.Create(operation))]) };
        if (attributes.Length > 0)
        {
            grant["attributes"] = new JsonArray([.. attributes]);
        }

        return grant;
    }

    private static void Write(string path, JsonObject json) => Layout.WritePrivate(path, json.ToJsonString(s_indented) + Environment.NewLine);
}
