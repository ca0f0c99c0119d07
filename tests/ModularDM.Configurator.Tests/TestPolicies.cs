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
            { "plugin": "contoso.csp", "operations": ["csp"], "csp": [
              { "locUri": "./DevInfo", "verbs": ["get"] },
              { "locUri": "./Device/Vendor/MSFT/Policy/Config/System", "verbs": ["get", "replace", "delete"] },
              { "locUri": "./DevDetail/Ext/Microsoft/DeviceName", "verbs": ["get", "replace"], "secret": true } ] }
          ] } ],
          "reboot": {{reboot}}
        }
        """;
}
