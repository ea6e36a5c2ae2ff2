using System.Globalization;

namespace Roost.Cli.Output;

/// <summary>Times and spans for people.</summary>
internal static class Times
{
    public static string Exact(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Relative, with the exact one beside it.</summary>
    public static string Both(DateTimeOffset at, DateTimeOffset now) => $"{Relative(at, now)} ({Exact(at)})";

    /// <summary>The same of what has happened: by a clock that was ahead where that is still to come.</summary>
    public static string Past(DateTimeOffset at, DateTimeOffset now) => $"{PastRelative(at, now)} ({Exact(at)})";

    public static string PastRelative(DateTimeOffset at, DateTimeOffset now) => at - now < TimeSpan.FromSeconds(1) ? Relative(at, now) : $"by a clock {Span(at - now)} ahead";

    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        TimeSpan away = now - at;
        return away.Duration() < TimeSpan.FromSeconds(1) ? "now" : away > TimeSpan.Zero ? $"{Span(away)} ago" : $"in {Span(-away)}";
    }

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} s"),
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} days"),
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024 * 1024):0.00} GiB"),
    };
}
