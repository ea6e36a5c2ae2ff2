using System.Text.Json;

namespace Roost.Stores;

/// <summary>
/// Finds where a state differs from the version before it: what lies between equal beginnings and ends, of the whole, and where much lies between those, of
/// each of its members, and of theirs. So a counter before a list costs nothing, and neither do two lists that grow, or entries of a dictionary that
/// stay as they were.
/// </summary>
internal static class StateDifference
{
    /// <summary>Below it, what lies between the ends of the whole is taken as it is.</summary>
    private const int WorthLooking = 2048;

    /// <summary>So many equal bytes between two places cost less than a place of its own.</summary>
    private const int Gap = 16;

    private const int Block = 256;

    private readonly record struct Member(int NameAt, int NameLength, int ValueAt, int End);

    /// <summary>The places, in their order; none where both are the same.</summary>
    public static List<Splice> Between(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var found = new List<Splice>(1);
        Compare(before, after, 0, found);
        return found;
    }

    /// <param name="before">A stretch of the version before.</param>
    /// <param name="after">What stands there now.</param>
    /// <param name="at">Where the stretch begins.</param>
    /// <param name="found">What was found so far.</param>
    private static void Compare(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, int at, List<Splice> found)
    {
        Splice whole = Of(before, after, at);
        if (whole is { Removed: 0, Inserted: 0 }) return;
        if (Math.Min(whole.Removed, whole.Inserted) <= WorthLooking || MembersOf(before) is not { } old || MembersOf(after) is not { } now)
            Add(whole, found);
        else
            CompareMembers(before, old, after, now, at, found);
    }

    /// <summary>Members that both have in the same order, from the front and from the back, each by itself; and what is between them as one.</summary>
    private static void CompareMembers(
        ReadOnlySpan<byte> before, List<Member> old, ReadOnlySpan<byte> after, List<Member> now, int at, List<Splice> found)
    {
        int most = Math.Min(old.Count, now.Count), front = 0, back = 0, oldAt = 0, nowAt = 0;
        while (front < most && IsSame(before, old[front], after, now[front])) front++;
        while (back < most - front && IsSame(before, old[^(back + 1)], after, now[^(back + 1)])) back++;
        for (int n = 0; n < front; n++) Value(old[n], now[n], before, after);
        if (back > 0) To(EndBefore(old, back), EndBefore(now, back), before, after);
        for (int n = back; n > 0; n--) Value(old[^n], now[^n], before, after);
        To(before.Length, after.Length, before, after);

        void Value(Member was, Member be, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
        {
            To(was.ValueAt, be.ValueAt, before, after);
            Compare(before[oldAt..was.End], after[nowAt..be.End], at + oldAt, found);
            (oldAt, nowAt) = (was.End, be.End);
        }

        void To(int oldEnd, int nowEnd, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
        {
            Splice between = Of(before[oldAt..oldEnd], after[nowAt..nowEnd], at + oldAt);
            (oldAt, nowAt) = (oldEnd, nowEnd);
            if (between is not { Removed: 0, Inserted: 0 }) Add(between, found);
        }
    }

    private static void Add(Splice splice, List<Splice> found)
    {
        if (found.Count > 0 && found[^1] is var last && splice.At - (last.At + last.Removed) is var gap and <= Gap)
            found[^1] = new(last.At, splice.At + splice.Removed - last.At, last.Inserted + gap + splice.Inserted);
        else
            found.Add(splice);
    }

    private static int EndBefore(List<Member> members, int back) => back == members.Count ? 0 : members[^(back + 1)].End;

    private static bool IsSame(ReadOnlySpan<byte> before, Member old, ReadOnlySpan<byte> after, Member now) =>
        before.Slice(old.NameAt, old.NameLength).SequenceEqual(after.Slice(now.NameAt, now.NameLength));

    /// <summary>What lies between the equal ends of two stretches. No character is cut in two, so that what is stored is text.</summary>
    private static Splice Of(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, int at)
    {
        int front = before.CommonPrefixLength(after);
        while (front > 0 && (IsWithinCharacter(before, front) || IsWithinCharacter(after, front))) front--;
        int back = CommonEnd(before[front..], after[front..]);
        while (back > 0 && IsWithinCharacter(after, after.Length - back)) back--;
        return new(at + front, before.Length - front - back, after.Length - front - back);
    }

    private static bool IsWithinCharacter(ReadOnlySpan<byte> text, int at) => at < text.Length && (text[at] & 0xC0) == 0x80;

    private static int CommonEnd(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        int most = Math.Min(before.Length, after.Length), same = 0;
        while (same + Block <= most && before[^(same + Block)..^same].SequenceEqual(after[^(same + Block)..^same])) same += Block;
        while (same < most && before[^(same + 1)] == after[^(same + 1)]) same++;
        return same;
    }

    /// <summary>Where the members of an object stand; null of what is none.</summary>
    private static List<Member>? MembersOf(ReadOnlySpan<byte> json)
    {
        var members = new List<Member>();
        if (json.IsEmpty || json[0] != (byte)'{') return null;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                (int at, int length) = ((int)reader.TokenStartIndex, reader.ValueSpan.Length);
                reader.Read();
                int value = (int)reader.TokenStartIndex;
                reader.Skip();
                members.Add(new(at + 1, length, value, (int)reader.BytesConsumed));
            }
        }
        catch (JsonException)
        {
            return null; // A converter of the user's may have written what is no JSON; its state is stored as it is.
        }
        return members;
    }
}
