using System.Globalization;

namespace Roost.Cli.Web;

/// <summary>Numbers and times as people read them.</summary>
internal static class Words
{
    /// <summary>When something happened, or will happen. What is said to have happened and is still to come was written by a clock that was ahead.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now, bool isAhead)
    {
        TimeSpan past = now - at;
        return past < TimeSpan.Zero && isAhead ? $"in {Span(-past)}" : past < TimeSpan.FromSeconds(-1) ? $"by a clock {Span(-past)} ahead" : past < TimeSpan.FromSeconds(1) ? "now" : $"{Span(past)} ago";
    }

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => $"{span.TotalMilliseconds:0} ms",
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

    public static string Exact(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>The end of an id, where version-7 GUIDs differ.</summary>
    public static string Short(string id) => Guid.TryParse(id, out _) ? id[^8..] : id.Length <= 24 ? id : $"{id[..11]}…{id[^12..]}";

    /// <summary>A word as a POSIX shell takes it literally.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:@%+=".Contains(letter, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A line for a shell that does with one file what the page does.</summary>
    public static string Command(string verb, string path, params string[] arguments) =>
        $"roost {verb} --db {Quote(path)}{(arguments.Any(argument => argument.StartsWith('-')) ? " --" : "")}{string.Concat(arguments.Select(argument => $" {Quote(argument)}"))}";

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Plural(long count, string one, string? many = null) => count == 1 ? $"1 {one}" : $"{Number(count)} {many ?? one + "s"}";
}
