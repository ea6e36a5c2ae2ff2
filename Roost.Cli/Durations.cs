using System.Globalization;

namespace Roost.Cli;

/// <summary>Durations as people write them: 5, 250ms, 5s, 10m, 2h, 7d, 1h30m, 00:05:00. A number alone is seconds.</summary>
internal static class Durations
{
    public static TimeSpan Parse(string name, string text)
    {
        string value = text.Trim();
        if (double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds <= TimeSpan.MaxValue.TotalSeconds / 2) return TimeSpan.FromSeconds(seconds);
        if (value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out TimeSpan exact) && exact >= TimeSpan.Zero) return exact;
        return Sum(value) ?? throw new UsageException($"{name} is \"{text}\"; give a duration such as 30s, 10m, 2h, 7d or 250ms.");
    }

    public static TimeSpan? Optional(string name, string? text) => text is null ? null : Parse(name, text);

    private static TimeSpan? Sum(string value)
    {
        double total = 0;
        int at = 0;
        while (at < value.Length)
        {
            int digits = at, unit;
            while (digits < value.Length && (char.IsAsciiDigit(value[digits]) || value[digits] == '.')) digits++;
            for (unit = digits; unit < value.Length && char.IsAsciiLetter(value[unit]);) unit++;
            if (!double.TryParse(value.AsSpan(at, digits - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || Seconds(value[digits..unit]) is not { } each) return null;
            total += number * each;
            at = unit;
        }
        return value.Length > 0 && total <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(total) : null;
    }

    private static double? Seconds(string unit) => unit switch { "ms" => 0.001, "s" => 1, "m" or "min" => 60, "h" => 3600, "d" => 86_400, "w" => 604_800, _ => null };
}
