using ModularDM.Hosting.Plugins;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class PluginsOptionsTests
{
    private readonly PluginsOptionsValidator _validator = new();

    [Fact]
    public void Defaults_AreThese()
    {
        var options = new PluginsOptions();
        Assert.Equal(("windows", 3600, 60, 300, 3600), (options.CoreVendor, options.MaxApplySeconds, options.MaxReadSeconds, options.MaxMethodSeconds, options.MaxWorkSeconds));
        Assert.Equal((10, 5, 1000, 4, 64, 3), (options.StartSeconds, options.StopSeconds, options.GraceMilliseconds, options.MaxConcurrentCalls, options.MaxWaitingCalls, options.MaxDeaths));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(["/usr/lib/modulardm/plugins", "/var/lib/modulardm/plugins"], options.OemFolders);
        }

        Assert.True(_validator.Validate(null, options).Succeeded);
        Assert.True(_validator.Validate(null, new SectionsOptions()).Succeeded);
    }

    [Fact]
    public void Validate_BadValues_NamesEveryKey()
    {
        var options = new PluginsOptions { CoreFolder = "plugins", Folders = ["", "/x"], CoreVendor = "a.b", StopSeconds = 0, MaxWaitingCalls = -1 };
        Assert.Equal(
            [
                "Plugins:CoreFolder is 'plugins': expected a full path.",
                "Plugins:Folders:0 is '': expected a full path.",
                "Plugins:CoreVendor is 'a.b': expected 1 to 64 letters, digits, '-' or '_', beginning with a letter.",
                "Plugins:StopSeconds is 0: expected 1 to 60.",
                "Plugins:MaxWaitingCalls is -1: expected 1 to 10000.",
            ],
            _validator.Validate(null, options).Failures);
    }

    [Fact]
    public void Validate_BadSection_NamesItsIndex() => Assert.Equal(
        ["Sections:Disabled:1 is 'a.b.c': expected 'section' or 'vendor.section'."],
        _validator.Validate(null, new SectionsOptions { Disabled = ["timeInfo", "a.b.c"] }).Failures);
}
