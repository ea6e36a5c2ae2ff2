using System.Globalization;

namespace Roost.Stores;

/// <summary>Times as they are stored: whole UTC milliseconds.</summary>
internal static class StoredTime
{
    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <exception cref="DataCorruptException">There is no such time.</exception>
    public static DateTimeOffset Read(long milliseconds) =>
        milliseconds >= Earliest && milliseconds <= Latest
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw new DataCorruptException(
                $"A stored time is {milliseconds} milliseconds, which is none: the file is damaged. Stop writing to it, copy it, and restore a backup."
            );

    /// <summary>Stored times are whole milliseconds: a moment between two of them means the later.</summary>
    public static long RoundUp(DateTimeOffset moment)
    {
        long milliseconds = moment.ToUnixTimeMilliseconds();
        return moment > DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) ? milliseconds + 1 : milliseconds;
    }

    /// <summary>As sentences for people say it, to the second.</summary>
    public static string InWords(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset? Read(long? milliseconds) => milliseconds is { } value ? Read(value) : null;
}
