using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>The figures of several runs of one thing.</summary>
internal sealed class Sample
{
    private readonly List<double> values = [];

    public void Add(double value) => values.Add(value);

    public double Median
    {
        get
        {
            double[] sorted = [.. values.Order()];
            int middle = sorted.Length / 2;
            return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    public string Format(string format) => string.Create(CultureInfo.InvariantCulture,
        $"{Median.ToString(format, CultureInfo.InvariantCulture)} ({values.Min().ToString(format, CultureInfo.InvariantCulture)} to " +
        $"{values.Max().ToString(format, CultureInfo.InvariantCulture)})");
}
