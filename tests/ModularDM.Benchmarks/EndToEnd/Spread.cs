using System.Globalization;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>Many measurements of one thing, in milliseconds.</summary>
internal sealed class Spread
{
    private readonly List<double> _values = [];

    public void Add(double milliseconds) => _values.Add(milliseconds);

    public void Add(Spread others) => _values.AddRange(others._values);

    public int Count => _values.Count;

    public double Min => _values.Min();

    public double Median => At(0.5);

    public double P95 => At(0.95);

    public double At(double quantile)
    {
        double[] sorted = [.. _values.Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, quantile * sorted.Length)];
    }

    public static string Text(double value, string format = "0.000") => value.ToString(format, CultureInfo.InvariantCulture);
}
