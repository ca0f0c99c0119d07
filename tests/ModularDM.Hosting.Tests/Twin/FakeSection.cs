using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Twin;

/// <summary>A section of a device in memory: Apply stores the value, Read reports it. A test can hold it, fail it and count it.</summary>
internal sealed class FakeSection(string name) : ISectionOwner
{
    private readonly Lock _gate = new();

    public SectionName Name { get; } = SectionName.Parse(name, "windows");

    public string PluginId => "test.plugin";

    public IReadOnlyList<SectionName> After { get; init; } = [];

    public bool ApplyAtBoot { get; init; }

    public bool HoldsSecrets { get; init; }

    /// <summary>What the device is now.</summary>
    public string Device { get; set; } = "{}";

    public List<SectionDesired> Applied { get; } = [];

    public List<string> Values { get; } = [];

    public int Reads { get; private set; }

    public int MostAtOnce { get; private set; }

    /// <summary>Replaces the outcome of Apply.</summary>
    public Func<SectionDesired, CancellationToken, Task<ApplyResult>>? OnApply { get; set; }

    public Func<SectionReading>? OnRead { get; set; }

    private int _running;

    public async Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            MostAtOnce = Math.Max(MostAtOnce, ++_running);
            Applied.Add(desired);
            Values.Add(desired.Removed ? "removed" : desired.Value.GetRawText());
        }

        try
        {
            if (OnApply is not null)
            {
                ApplyResult result = await OnApply(desired, cancellationToken);
                if (result.Outcome != ApplyOutcome.Completed)
                {
                    return result;
                }
            }

            if (!desired.Removed)
            {
                Device = desired.Value.GetRawText();
            }

            return ApplyResult.Completed;
        }
        finally
        {
            lock (_gate)
            {
                _running--;
            }
        }
    }

    public Task<SectionReading> ReadAsync(CancellationToken cancellationToken)
    {
        Reads++;
        return Task.FromResult(OnRead?.Invoke() ?? new SectionReading(SectionReport.FromJson(System.Text.Encoding.UTF8.GetBytes(Device))));
    }
}
