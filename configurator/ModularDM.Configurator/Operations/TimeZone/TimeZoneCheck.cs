using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.TimeZone;

/// <summary>Checks the members of a zone, all of them, before any platform sees it.</summary>
internal static class TimeZoneCheck
{
    private const int MaxKeyChars = 128;
    private const int MaxNameChars = 64;

    /// <exception cref="ConfiguratorException">Something is outside what is allowed; all of it is said.</exception>
    public static void Check(TimeZoneRule zone)
    {
        var errors = new List<string>();
        if (zone.KeyName.Length > MaxKeyChars || !zone.KeyName.All(IsKeyChar) || zone.KeyName.Contains("..", StringComparison.Ordinal) || zone.KeyName.StartsWith('/'))
        {
            errors.Add($"keyName must be a Windows or IANA zone name of at most {MaxKeyChars} characters");
        }

        Range("bias", zone.Bias, -840, 720);
        CheckTransition("standard", zone.Standard);
        CheckTransition("daylight", zone.Daylight);
        if (zone.Standard.Date.Length == 0 != (zone.Daylight.Date.Length == 0))
        {
            errors.Add("standard.date and daylight.date are both given or both empty");
        }

        if (errors.Count > 0)
        {
            throw ConfiguratorException.InvalidArgument($"The time zone is not acceptable: {string.Join("; ", errors)}.", ErrorNumbers.InvalidValue);
        }

        void CheckTransition(string name, TimeZoneTransition transition)
        {
            Range($"{name}.bias", transition.Bias, -720, 720);
            Range($"{name}.dayOfWeek", transition.DayOfWeek, 0, 6);
            if (transition.Name.Length > MaxNameChars || transition.Name.Any(char.IsControl))
            {
                errors.Add($"{name}.name must be at most {MaxNameChars} characters without control characters");
            }

            if (transition.Date.Length > 0 && !TransitionDate.TryParse(transition.Date, out _))
            {
                errors.Add($"{name}.date must read YYYY-MM-DDThh:mm:ss with nothing, Z or an offset behind it (year 0000: month, week 1 to 5), or be empty");
            }
        }

        void Range(string name, int value, int min, int max)
        {
            if (value < min || value > max)
            {
                errors.Add($"{name} {value} is outside {min} to {max}");
            }
        }
    }

    private static bool IsKeyChar(char c) => char.IsAsciiLetterOrDigit(c) || c is ' ' or '/' or '_' or '-' or '+' or '.' or '(' or ')' or '&' or '\'';
}
