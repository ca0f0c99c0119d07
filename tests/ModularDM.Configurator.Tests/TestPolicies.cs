using ModularDM.Configurator.Platform;

namespace ModularDM.Configurator.Tests;

internal static class TestPolicies
{
    public const string FanPattern = "^(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$";

    public static string Self => $"uid:{Posix.EffectiveUid}";

    /// <summary>Grants the core plugins their operations, by this process's own uid.</summary>
    public static string Full(string? subject = null, string reboot = """{ "graceSeconds": 0 }""") => $$"""
        {
          "version": 1,
          "callers": [ { "subject": "{{subject ?? Self}}", "grants": [
            { "plugin": "modulardm.*", "operations": ["getDeviceInfo", "getTimeZone", "setTimeZone", "getNtpServer", "setNtpServer", "getTimeService",
              "setTimeService", "getRebootSchedule", "setRebootSchedule", "getRebootPolicy", "setAllowReboots", "rebootNow", "getTelemetryLevel", "setTelemetryLevel"] },
            { "plugin": "contoso.fancontrol", "operations": ["readAttribute", "writeAttribute"], "attributes": [
              { "name": "fan0.pwm", "path": "/sys/class/hwmon/hwmon0/pwm1", "pattern": "{{FanPattern}}" },
              { "name": "fan0.rpm", "path": "/sys/class/hwmon/hwmon0/fan1_input" } ] },
            { "plugin": "contoso.calibration", "operations": ["runAllowedTool", "writeAllowedFile"], "tools": [
              { "name": "say", "path": "/opt/contoso/say", "arguments": ["fixed", "--level={level}", "{word}"],
                "placeholders": { "level": "[1-3]", "word": "[a-z -]*" }, "timeLimitSeconds": 20, "maxOutputBytes": 2000 },
              { "name": "secret", "path": "/opt/contoso/say", "arguments": ["{word}"], "placeholders": { "word": ".*" }, "secret": true },
              { "name": "slow", "path": "/opt/contoso/slow", "timeLimitSeconds": 600 },
              { "name": "short", "path": "/opt/contoso/slow", "timeLimitSeconds": 1 } ], "files": [
              { "name": "calibration", "folder": "/etc/contoso", "file": "calibration.json", "maxBytes": 100000, "json": true, "mode": "0640" },
              { "name": "deep", "folder": "/etc/contoso", "file": "a/b.conf", "maxBytes": 20, "pattern": "[a-z\\n]*", "secret": true } ] },
            { "plugin": "contoso.csp", "operations": ["csp"], "csp": [
              { "locUri": "./DevInfo", "verbs": ["get"] },
              { "locUri": "./Device/Vendor/MSFT/Policy/Config/System", "verbs": ["get", "replace", "delete"] },
              { "locUri": "./DevDetail/Ext/Microsoft/DeviceName", "verbs": ["get", "replace"], "secret": true } ] }
          ] } ],
          "reboot": {{reboot}}
        }
        """;
}
