using System.Globalization;

namespace Roost.AspNetCore.Input;

/// <summary>
/// Times as ISO 8601 writes them, in UTC where no offset is given, or a duration from now on. Everything else is refused: 01-02-2030 is a day of
/// January here and of February there, and 12:00 has no day at all.
/// </summary>
internal static class Instants
{
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mmK",
        "yyyy-MM-dd HH:mm:ssK",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>For what is to come: a time, or a duration from now.</summary>
    public static DateTimeOffset? Optional(string name, string? text) =>
        text is null
            ? null
            : Read(text.TrimStart(), ahead: true) ?? throw new UsageException($"{name} is \"{text}\"; {Advice(text, "a duration from now, such as 2h")}");

    /// <summary>For filters on the past: a time, or how long ago.</summary>
    public static DateTimeOffset? Past(string name, string? text) =>
        text is null ? null : Read(text, ahead: false) ?? throw new UsageException($"{name} is \"{text}\"; {Advice(text, "how long ago, such as 2h")}");

    private static DateTimeOffset? Read(string text, bool ahead)
    {
        if (DateTimeOffset.TryParseExact(text.Trim(), Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)) return at;
        if (Durations.Read(ahead && text.StartsWith('+') ? text[1..] : text) is not { } away) return null;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return ahead
            ? away > DateTimeOffset.MaxValue - now ? null : now + away
            : away > now - DateTimeOffset.MinValue ? null : now - away;
    }

    private static string Advice(string text, string duration) =>
        $"give a time by ISO 8601, such as 2030-01-31T12:00:00Z, or " +
        $"{duration}{(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? "; a number needs its unit" : "")}.";
}
