using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Tests.Docs;

/// <summary>docs/operating.md against the code: what an operator can set, search for or alert on stands there, and nothing that is gone.</summary>
public sealed partial class OperatingDocTests
{
    private const BindingFlags Anything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private static readonly Type[] s_types = typeof(HostTelemetry).Assembly.GetTypes();
    private static readonly string[] s_lines = File.ReadAllLines(Path.Combine(Root(), "docs", "operating.md"));

    private static IEnumerable<(string Key, PropertyInfo Property)> Options =>
        from type in s_types
        where type.Name.EndsWith("Options", StringComparison.Ordinal)
        let section = (string?)type.GetField("SectionName")?.GetRawConstantValue()
        where section is not null
        from property in type.GetProperties()
        where property.SetMethod is { IsPublic: true }
        select ($"{section}:{property.Name}", property);

    public static TheoryData<string> OptionKeys => [.. Options.Select(option => option.Key)];

    [Theory]
    [MemberData(nameof(OptionKeys))]
    public void Option_Always_HasARowWithItsDefaultAndRange(string key)
    {
        PropertyInfo property = Options.Single(option => option.Key == key).Property;
        string row = Row(key);
        object? value = property.GetValue(Activator.CreateInstance(property.DeclaringType!));
        if (value is int or long or bool)
        {
            Assert.Contains($"| {string.Create(CultureInfo.InvariantCulture, $"{value}").ToLowerInvariant()} |", row, StringComparison.Ordinal);
        }

        if (property.GetCustomAttribute<SettingRangeAttribute>() is { } range)
        {
            Assert.Equal(key, range.Key);
            Assert.Contains($"| {range.Minimum}-{range.Maximum} |", row, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Document_NoOption_IsAnInventedOne() => Assert.Equal(
        Options.Select(option => option.Key).Order(StringComparer.Ordinal),
        s_lines.Select(line => OptionRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void SpansAndAttributes_Always_StandInTheDocument() => Assert.All(
        typeof(HostTelemetry).GetNestedTypes(Anything).SelectMany(names => names.GetFields(Anything)).Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!),
        name => Row(name));

    [Fact]
    public void Metrics_Always_StandInTheDocumentWithTheirUnit()
    {
        Instrument[] instruments =
        [
            .. s_types.SelectMany(type => type.GetProperties(Anything).Where(property => property.GetMethod?.IsStatic == true && property.PropertyType.IsAssignableTo(typeof(Instrument)))
                .Select(property => (Instrument)property.GetValue(null)!)),
            .. s_types.SelectMany(type => type.GetFields(Anything).Where(field => field.IsStatic && field.FieldType.IsAssignableTo(typeof(Instrument)))
                .Select(field => (Instrument)field.GetValue(null)!)),
        ];
        Assert.NotEmpty(instruments);
        Assert.All(instruments, instrument => Assert.Contains(instrument.Unit!.Trim('{', '}'), Row(instrument.Name), StringComparison.Ordinal));
    }

    [Fact]
    public void LogEvents_OfWarningAndAbove_AreThoseOfTheDocument() => Assert.Equal(
        (from type in s_types
         from method in type.GetMethods(Anything)
         let log = method.GetCustomAttribute<LoggerMessageAttribute>()
         where log is { Level: >= LogLevel.Warning }
         select $"{type.Name}: {log.EventName ?? method.Name} ({log.Level})").Order(StringComparer.Ordinal),
        s_lines.Select(line => EventRow().Match(line)).Where(match => match.Success)
            .Select(match => $"{match.Groups["class"].Value}: {match.Groups["name"].Value} ({match.Groups["level"].Value})").Order(StringComparer.Ordinal));

    [Fact]
    public void ErrorCodes_Always_StandInTheDocumentWithTheirNumbers() => Assert.All(
        typeof(ErrorCodes).GetFields().Where(field => field.IsLiteral),
        field =>
        {
            int number = (int)field.GetRawConstantValue()!;
            Assert.Contains(number == 1 ? "| 1 |" : $"0x{number:X8}", Row(field.Name), StringComparison.Ordinal);
            Assert.Contains($"| {number} |", Row(field.Name), StringComparison.Ordinal);
        });

    // The row of a table that begins with the name.
    private static string Row(string name) =>
        s_lines.FirstOrDefault(line => line.StartsWith($"| `{name}` |", StringComparison.Ordinal) || line.StartsWith($"| `{name} <", StringComparison.Ordinal))
        ?? throw new Xunit.Sdk.XunitException($"docs/operating.md has no row that begins with | `{name}` |");

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ModularDM.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds ModularDM.sln.");
    }

    [GeneratedRegex(@"^\| `([A-Z][A-Za-z]+(?::[A-Z][A-Za-z]+)+)` \|")]
    private static partial Regex OptionRow();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<level>Warning|Error|Critical) \| `(?<class>\w+)` \|")]
    private static partial Regex EventRow();
}
