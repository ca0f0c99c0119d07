using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

public sealed class SecretTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    private const string Secret = "c2VjcmV0LW5vYm9keS1tYXktc2Vl";

    [Fact]
    public async Task StorageConnectionString_GoodOrBad_IsNowhereButInTheHub()
    {
        JsonNode section = await system.Service.ManageAsync("windows", "externalStorage", $$"""{"connectionString":"AccountName=contoso;AccountKey={{Secret}}"}""");
        Assert.Equal("<set>", section.TextAt("connectionString"));

        // A mistake is told without the value, whatever kind of mistake.
        section = await system.Service.ManageAsync("windows", "externalStorage", $$"""{"connectionString":"{{Secret}}"}""");
        Assert.Equal("failed", section.TextAt("lastChange.state"));
        section = await system.Service.ManageAsync("windows", "externalStorage", $$"""{"connectionString":["{{Secret}}"]}""");
        Assert.Equal("failed", section.TextAt("lastChange.state"));
        section = await system.Service.ManageAsync("windows", "externalStorage", $$"""{"connectionString":"AccountName=contoso;AccountKey={{Secret}}"}""");
        Assert.Equal("completed", section.TextAt("lastChange.state"));

        // A restart reads what was kept; an orderly stop writes down all there is.
        await system.KillAsync("host");
        await system.Service.ManageAsync("windows", "deviceInfo", "{}");
        await system.StopAsync();

        string[] hubsOwn = ["hub.db", "hub.db-wal", "hub.db-shm"];
        foreach (string file in Directory.EnumerateFiles(system.Data, "*", SearchOption.AllDirectories).Where(file => !hubsOwn.Contains(Path.GetFileName(file))))
        {
            string? line = QuickStartSystem.ReadShared(file).Split('\n').FirstOrDefault(line => line.Contains(Secret, StringComparison.Ordinal));
            Assert.True(line is null, $"{file} holds the secret: {line}");
        }
    }

    [Fact]
    public async Task StorageConnectionString_Reported_NeverHoldsTheValue()
    {
        await using var own = new QuickStartSystem();
        await own.StartAsync();
        await own.Service.ManageAsync("windows", "externalStorage", $$"""{"connectionString":"AccountName=contoso;AccountKey={{Secret}}"}""");
        await own.Service.InvokeAsync("windows.reportAllAsync");
        JsonNode reported = await own.Service.WaitReportedAsync(all => all.At("windows.deviceInfo") is not null, "every section");

        Assert.DoesNotContain(Secret, reported.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("<set>", reported.TextAt("windows.externalStorage.connectionString"));
    }
}
