using System.Globalization;

namespace Roost.AspNetCore.Input;

/// <summary>
/// Durations as people write them: 250ms, 5s, 10m, 2h, 7d, 4w, 1h30m. A number alone is refused: 30 is days to one person and seconds to another.
/// </summary>
internal static class Durations
{
    public static TimeSpan Parse(string name, string text) => Read(text) ?? throw new UsageException($"{name} is \"{text}\"; {Advice(text)}");

    public static TimeSpan? Optional(string name, string? text) => text is null ? null : Parse(name, text);

    /// <summary>The duration; null where the text is none.</summary>
    public static TimeSpan? Read(string text)
    {
        string value = text.Trim();
        double total = 0;
        int at = 0;
        while (at < value.Length)
        {
            int digits = at,
                unit;
            while (digits < value.Length && (char.IsAsciiDigit(value[digits]) || value[digits] == '.'))
                digits++;
            for (unit = digits; unit < value.Length && char.IsAsciiLetter(value[unit]);)
                unit++;
            if (
                !double.TryParse(value.AsSpan(at, digits - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                || Seconds(value[digits..unit]) is not { } each
            )
                return null;
            total += number * each;
            at = unit;
        }
        return value.Length > 0 && total <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(total) : null;
    }

    /// <summary>What to give in the place of a text that is no duration.</summary>
    public static string Advice(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= 0
        ? $"a number needs its unit, such as {text.Trim()}s, {text.Trim()}m, {text.Trim()}h or {text.Trim()}d."
        : "give a duration such as 30s, 10m, 2h, 7d, 250ms or 1h30m.";

    private static double? Seconds(string unit) =>
        unit switch
        {
            "ms" => 0.001,
            "s" => 1,
            "m" or "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 604_800,
            _ => null,
        };
}
