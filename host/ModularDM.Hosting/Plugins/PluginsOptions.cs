namespace ModularDM.Hosting.Plugins;
public sealed class PluginsOptions { public string CoreVendor { get; set; } = "windows"; }
