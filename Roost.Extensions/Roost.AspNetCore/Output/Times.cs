using System.Globalization;

namespace Roost.AspNetCore.Output;

/// <summary>Times, spans and sizes for people, in the command and in the console alike.</summary>
internal static class Times
{
    public static string Exact(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Relative, with the exact one beside it.</summary>
    public static string Both(DateTimeOffset at, DateTimeOffset now) => $"{Relative(at, now)} ({Exact(at)})";

    /// <summary>The same of what has happened: by a clock that was ahead where that is still to come.</summary>
    public static string Past(DateTimeOffset at, DateTimeOffset now) => $"{PastRelative(at, now)} ({Exact(at)})";

    public static string PastRelative(DateTimeOffset at, DateTimeOffset now) =>
        at - now < TimeSpan.FromSeconds(1) ? Relative(at, now) : $"by a clock {Span(at - now)} ahead";

    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        TimeSpan away = now - at;
        return away.Duration() < TimeSpan.FromSeconds(1) ? "now" : away > TimeSpan.Zero ? $"{Span(away)} ago" : $"in {Span(-away)}";
    }

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} s"),
        { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds} s",
        { TotalHours: < 1 } => $"{(int)span.TotalMinutes} min{(span.Seconds > 0 && span.TotalMinutes < 10 ? $" {span.Seconds} s" : "")}",
        { TotalDays: < 1 } => $"{(int)span.TotalHours} h{(span.Minutes > 0 ? $" {span.Minutes} min" : "")}",
        _ => $"{(int)span.TotalDays} d{(span.Hours > 0 ? $" {span.Hours} h" : "")}",
    };

    public static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024:0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024 / 1024:0.##} GiB"),
    };
}
