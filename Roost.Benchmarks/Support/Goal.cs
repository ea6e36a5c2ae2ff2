using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>What a figure has to keep to.</summary>
internal sealed record Goal(double Bound, bool IsLeast)
{
    public static Goal AtLeast(double bound) => new(bound, true);

    public static Goal AtMost(double bound) => new(bound, false);

    public string Judge(double value) => string.Create(CultureInfo.InvariantCulture,
        $"goal {(IsLeast ? ">=" : "<=")} {Bound:#,0.##}: {((IsLeast ? value >= Bound : value <= Bound) ? "met" : "MISSED")}");
}
