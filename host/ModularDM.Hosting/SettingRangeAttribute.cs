using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace ModularDM.Hosting;

/// <summary>Bounds a number in the settings. Unlike <see cref="RangeAttribute"/> under a generated validator, its message names the key that an operator types.</summary>
/// <param name="key">The full key, as <c>Hub:KeepAliveSeconds</c>.</param>
/// <param name="minimum">The least value.</param>
/// <param name="maximum">The greatest value.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingRangeAttribute(string key, long minimum, long maximum) : ValidationAttribute
{
    /// <summary>The full key.</summary>
    public string Key { get; } = key;

    /// <summary>The least value.</summary>
    public long Minimum { get; } = minimum;

    /// <summary>The greatest value.</summary>
    public long Maximum { get; } = maximum;

    public override bool RequiresValidationContext => true;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        long number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        return number >= Minimum && number <= Maximum
            ? ValidationResult.Success
            : new ValidationResult(string.Create(CultureInfo.InvariantCulture, $"{Key} must be from {Minimum} to {Maximum}; it is {number}."));
    }
}
