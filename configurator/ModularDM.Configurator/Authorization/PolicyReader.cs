using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Authorization;

/// <summary>Checks a policy document as a whole and turns it into a <see cref="Policy"/>.</summary>
internal sealed partial class PolicyReader
{
    private static readonly FrozenSet<string> s_operations = ConfiguratorOperations.All.ToFrozenSet(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    private PolicyReader()
    {
    }

    /// <exception cref="PolicyException">Anything is wrong with it; all of it is said at once.</exception>
    public static Policy Read(ReadOnlySpan<byte> json)
    {
        PolicyDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(StripBom(json), PolicyJson.Default.PolicyDocument);
        }
        catch (JsonException e)
        {
            throw new PolicyException([$"{e.Path ?? "$"}: {e.Message}"]);
        }

        var reader = new PolicyReader();
        Policy policy = reader.Check(document ?? new PolicyDocument());
        return reader._errors.Count == 0 ? policy : throw new PolicyException(reader._errors);
    }

    private static ReadOnlySpan<byte> StripBom(ReadOnlySpan<byte> json) => json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? json[3..] : json;

    private Policy Check(PolicyDocument document)
    {
        if (document.Version != 1)
        {
            Say("version", "must be 1");
        }

        var callers = new List<PolicyCaller>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((int i, CallerEntry caller) in Numbered(document.Callers, "callers"))
        {
            string key = $"callers[{i}]";
            PolicySubject? subject = CheckSubject(caller, key);
            if (subject is not null && !seen.Add(subject.ToString()))
            {
                Say($"{key}.subject", $"'{subject}' has an entry already; put all its grants there");
            }

            List<PolicyGrant> grants = [.. Numbered(caller.Grants, $"{key}.grants").Select(grant => CheckGrant(grant.Item, $"{key}.grants[{grant.Index}]"))];
            if (subject is not null)
            {
                callers.Add(new PolicyCaller(subject, grants));
            }
        }

        return new Policy(callers, CheckReboot(document.Reboot ?? new RebootEntry())) { Confirm = CheckConfirm(document) };
    }

    private PolicySubject? CheckSubject(CallerEntry caller, string key)
    {
        string subject = caller.Subject ?? string.Empty;
        int colon = subject.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? string.Empty : subject[..colon];
        string value = subject[(colon + 1)..];
        if (kind != "unit" && caller.User is not null)
        {
            Say($"{key}.user", "goes with a unit: subject only");
        }

        switch (kind)
        {
            case "unit" when UnitName().IsMatch(value):
                if (string.IsNullOrEmpty(caller.User))
                {
                    Say($"{key}.user", "is required with a unit: subject: the account the unit runs as, by name or number");
                    return null;
                }

                return new PolicySubject.Unit(value, caller.User);
            case "uid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid):
                return new PolicySubject.Account(uid);
            case "sid" when Sid().IsMatch(value):
                return new PolicySubject.SecurityIdentifier(value);
            default:
                Say($"{key}.subject", $"'{subject}' is none of unit:NAME.service, uid:NUMBER, sid:S-1-...");
                return null;
        }
    }

    private PolicyGrant CheckGrant(GrantEntry grant, string key)
    {
        if (!PluginName().IsMatch(grant.Plugin ?? string.Empty))
        {
            Say($"{key}.plugin", $"'{grant.Plugin}' is neither a plugin id nor vendor.*");
        }

        foreach ((int i, string operation) in Numbered(grant.Operations, $"{key}.operations"))
        {
            if (!s_operations.Contains(operation))
            {
                Say($"{key}.operations[{i}]", $"'{operation}' is no operation; there are {string.Join(", ", ConfiguratorOperations.All)}");
            }
        }

        var attributes = new Dictionary<string, GrantedAttribute>(StringComparer.Ordinal);
        for (int i = 0; i < (grant.Attributes?.Count ?? 0); i++)
        {
            string attributeKey = $"{key}.attributes[{i}]";
            if (grant.Attributes![i] is not { } entry)
            {
                Say(attributeKey, "is null");
            }
            else if (CheckAttribute(entry, attributeKey) is { } attribute && !attributes.TryAdd(attribute.Name, attribute))
            {
                Say($"{attributeKey}.name", $"'{attribute.Name}' is there twice");
            }
        }

        return new PolicyGrant(
            grant.Plugin ?? string.Empty, (grant.Operations ?? []).Where(o => o is not null).ToFrozenSet(StringComparer.Ordinal), attributes.ToFrozenDictionary(StringComparer.Ordinal), CheckNodes(grant.Csp, key))
        {
            Tools = CheckTools(grant.Tools, key),
            Files = CheckFiles(grant.Files, key),
        };
    }

    private GrantedAttribute? CheckAttribute(AttributeEntry entry, string key)
    {
        int before = _errors.Count;
        CheckName(entry.Name, $"{key}.name", "attribute");
        string path = CheckPath(entry.Path, $"{key}.path");
        Regex? pattern = CheckPattern(entry.Pattern, $"{key}.pattern");
        return _errors.Count == before ? new GrantedAttribute(entry.Name!, path, pattern, entry.Secret ?? false) : null;
    }

    private void CheckName(string? name, string key, string what)
    {
        if (!GrantName().IsMatch(name ?? string.Empty))
        {
            Say(key, $"'{name}' is no {what} name: letters, digits, _ . -, at most 100");
        }
    }

    private string CheckPath(string? path, string key)
    {
        if (path is null || !Path.IsPathFullyQualified(path) || Path.GetFullPath(path) != path || path.Contains('\0', StringComparison.Ordinal))
        {
            Say(key, $"'{path}' is not an absolute path without . and ..");
        }

        return path ?? string.Empty;
    }

    private Regex? CheckPattern(string? pattern, string key)
    {
        if (pattern is null)
        {
            return null;
        }

        try
        {
            // The whole value must match, and "$" alone would let a line break through at the end.
            return new Regex(@"\A(?:" + pattern + @")\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(200));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            Say(key, e.Message);
            return null;
        }
    }

    private RebootRules CheckReboot(RebootEntry reboot)
    {
        Range("reboot.activeHoursStart", reboot.ActiveHoursStart, 0, 23);
        Range("reboot.activeHoursEnd", reboot.ActiveHoursEnd, 0, 23);
        Range("reboot.graceSeconds", reboot.GraceSeconds, 0, 3600);
        Range("reboot.maxLeaseSeconds", reboot.MaxLeaseSeconds, 1, 86400);
        if (reboot.ActiveHoursStart is null != reboot.ActiveHoursEnd is null)
        {
            Say("reboot", "activeHoursStart and activeHoursEnd go together");
        }

        return new RebootRules(
            reboot.AllowReboots ?? true,
            reboot.ActiveHoursStart,
            reboot.ActiveHoursEnd,
            TimeSpan.FromSeconds(reboot.GraceSeconds ?? 60),
            TimeSpan.FromSeconds(reboot.MaxLeaseSeconds ?? 3600));
    }

    private void Range(string key, int? value, int min, int max)
    {
        if (value < min || value > max)
        {
            Say(key, $"{value} is outside {min} to {max}");
        }
    }

    private IEnumerable<(int Index, T Item)> Numbered<T>(IReadOnlyList<T>? items, string key)
        where T : class
    {
        if (items is null || items.Count == 0)
        {
            Say(key, "is required and may not be empty");
            yield break;
        }

        for (int i = 0; i < items.Count; i++)
        {
            if (items[i] is { } item)
            {
                yield return (i, item);
            }
            else
            {
                Say($"{key}[{i}]", "is null");
            }
        }
    }

    private void Say(string key, string what) => _errors.Add($"{key}: {what}.");

    // Compiled with the program: the start would otherwise pay for parsing them.
    [GeneratedRegex(@"\A[A-Za-z0-9:_.@\\-]{1,240}\.(?:service|scope)\z")]
    private static partial Regex UnitName();

    [GeneratedRegex(@"\AS-1-[0-9]+(?:-[0-9]+){1,15}\z")]
    private static partial Regex Sid();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*(?:\.\*)?\z")]
    private static partial Regex PluginName();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\z")]
    private static partial Regex GrantName();
}
