using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Twin;

/// <summary>Measures a report against the hub's limits before it is sent: the hub would refuse the whole patch, and with it everybody else's reports.</summary>
internal static class ReportLimits
{
    /// <summary>Checks one section's report.</summary>
    /// <param name="name">The section.</param>
    /// <param name="report">The report with its status.</param>
    /// <param name="others">Size of all other reported properties.</param>
    /// <param name="size">Size of this one.</param>
    /// <returns>What is wrong, with the biggest members; null when nothing is.</returns>
    public static SectionError? Check(SectionName name, byte[] report, int others, out int size)
    {
        using var document = JsonDocument.Parse(report);
        size = TwinLimits.Measure(document.RootElement);
        IReadOnlyList<TwinLimitViolation> violations = TwinLimits.Check(document.RootElement, int.MaxValue, name.ToString(), depth: 2);
        if (violations.Count > 0)
        {
            return new SectionError("", "the hub does not accept the report: " + string.Join("; ", violations), ErrorCodes.ReportTooLarge);
        }

        if (size + others <= TwinLimits.ReportedBytes)
        {
            return null;
        }

        string biggest = string.Join(", ", document.RootElement.EnumerateObject()
            .Select(member => (member.Name, Size: TwinLimits.Measure(member.Value))).OrderByDescending(member => member.Size).Take(3)
            .Select(member => $"{member.Name} ({member.Size})"));
        return new SectionError(
            "",
            $"the report of {name} is {size} bytes and the rest of the reported properties {others}; the hub allows {TwinLimits.ReportedBytes} in all. Biggest members: {biggest}",
            ErrorCodes.ReportTooLarge);
    }
}
