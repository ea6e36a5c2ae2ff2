using System.Globalization;

namespace Roost.Cli;

/// <summary>Times as people write them: ISO 8601, in UTC where no offset is given, or a duration from now on.</summary>
internal static class Instants
{
    public static DateTimeOffset? Optional(string name, string? text)
    {
        if (text is null) return null;
        if (text.Contains('-', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)) return at;
        try
        {
            return TimeProvider.System.GetUtcNow() + Durations.Parse(name, text.TrimStart('+'));
        }
        catch (Exception e) when (e is UsageException or ArgumentOutOfRangeException)
        {
            throw new UsageException($"{name} is \"{text}\"; give a time such as 2030-01-31T12:00:00Z, or a duration from now such as 2h.");
        }
    }

    /// <summary>For filters on the past: a time, or how long ago.</summary>
    public static DateTimeOffset? Past(string name, string? text)
    {
        if (text is null) return null;
        if (text.Contains('-', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)) return at;
        try
        {
            return TimeProvider.System.GetUtcNow() - Durations.Parse(name, text);
        }
        catch (Exception e) when (e is UsageException or ArgumentOutOfRangeException)
        {
            throw new UsageException($"{name} is \"{text}\"; give a time such as 2030-01-31T12:00:00Z, or how long ago, such as 2h.");
        }
    }
}
