using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Roost.Stores;

/// <summary>A place in a list that is ordered by time and then by key, both falling. A cursor is one in writing.</summary>
internal readonly record struct Position(long At, long Key) : IComparable<Position>
{
    private const char Mark = 'r';

    /// <summary>Before everything.</summary>
    public static Position Start { get; } = new(long.MaxValue, long.MaxValue);

    /// <summary>Whoever comes first in the list is less.</summary>
    public int CompareTo(Position other) => At != other.At ? other.At.CompareTo(At) : other.Key.CompareTo(Key);

    public string Write() => Write(Mark, string.Create(CultureInfo.InvariantCulture, $"{At}.{Key}"));

    public static Position Read(string? cursor)
    {
        if (cursor is null) return Start;
        string[] parts = Read(Mark, cursor).Split('.');
        if (parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long key)) return new(at, key);
        throw Bad(cursor);
    }

    /// <summary>Writes a cursor of any list; the mark keeps those of different lists apart.</summary>
    public static string Write(char mark, string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(mark + text));

    public static string Read(char mark, string cursor)
    {
        if (!Base64Url.IsValid(cursor)) throw Bad(cursor);
        string text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.Length > 0 && text[0] == mark ? text[1..] : throw Bad(cursor);
    }

    /// <summary>Reads a cursor that is a key alone; without one, the key above all.</summary>
    public static long ReadKey(char mark, string? cursor) =>
        cursor is null ? long.MaxValue
        : long.TryParse(Read(mark, cursor), NumberStyles.None, CultureInfo.InvariantCulture, out long key) ? key
        : throw Bad(cursor);

    public static InvalidInputException Bad(string cursor) =>
        new(
            "cursor",
            $"\"{(cursor.Length > 64 ? cursor[..64] + "..." : cursor)}\" is none of this list; give the Next of the page before, or nothing for the first page."
        );
}
