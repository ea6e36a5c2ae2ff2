using System.Text.Json;
using System.Text.Json.Nodes;

namespace Roost.AspNetCore.Output;

/// <summary>
/// Which elements of two lists are the same ones: a longest common subsequence, by Myers' search for the fewest removals and additions. What is
/// dropped at the front of a long list is one removal, and no change of all that follows.
/// </summary>
internal static class ListAlignment
{
    /// <summary>So many steps of the search at most; lists that need more differ almost everywhere.</summary>
    private const int MostWork = 3_000_000, MostEdits = 1_000;

    /// <summary>The pairs of places that are equal, both rising; null where that would take too long to find out.</summary>
    public static List<(int Before, int After)>? Of(JsonArray before, JsonArray after)
    {
        (int[] older, int[] newer) = Number(before, after);
        int start = 0, end = 0, most = Math.Min(older.Length, newer.Length);
        while (start < most && older[start] == newer[start]) start++;
        while (end < most - start && older[^(end + 1)] == newer[^(end + 1)]) end++;
        if (Search(older.AsSpan(start, older.Length - start - end), newer.AsSpan(start, newer.Length - start - end)) is not { } middle) return null;
        var all = new List<(int, int)>(start + middle.Count + end);
        for (int i = 0; i < start; i++) all.Add((i, i));
        foreach ((int x, int y) in middle) all.Add((x + start, y + start));
        for (int i = end; i > 0; i--) all.Add((older.Length - i, newer.Length - i));
        return all;
    }

    /// <summary>A number for each element, the same for those that are equal.</summary>
    private static (int[] Before, int[] After) Number(JsonArray before, JsonArray after)
    {
        var known = new Dictionary<int, List<(JsonNode? Node, int Number)>>();
        int count = 0;
        return ([.. before.Select(NumberOf)], [.. after.Select(NumberOf)]);

        int NumberOf(JsonNode? node)
        {
            int hash = HashOf(node);
            if (!known.TryGetValue(hash, out List<(JsonNode? Node, int Number)>? alike)) known.Add(hash, alike = []);
            foreach ((JsonNode? other, int number) in alike)
                if (JsonNode.DeepEquals(node, other)) return number;
            alike.Add((node, count));
            return count++;
        }
    }

    /// <summary>Equal for what is equal: the order of an object's members and how a number is written do not matter.</summary>
    private static int HashOf(JsonNode? node) => node switch
    {
        JsonObject fields => fields.Aggregate(fields.Count, (hash, field) => hash ^ HashCode.Combine(field.Key, HashOf(field.Value))),
        JsonArray list => list.Aggregate(list.Count, (hash, one) => HashCode.Combine(hash, HashOf(one))),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>().GetHashCode(StringComparison.Ordinal),
        JsonValue value when value.TryGetValue(out double number) => number.GetHashCode(),
        null => 0,
        _ => (int)node.GetValueKind(),
    };

    private static List<(int, int)>? Search(ReadOnlySpan<int> older, ReadOnlySpan<int> newer)
    {
        if (older.IsEmpty || newer.IsEmpty) return [];
        int most = Math.Min(older.Length + newer.Length, MostEdits), work = 0;
        int[] reach = new int[2 * most + 3];
        var trace = new List<int[]>();
        for (int edits = 0; edits <= most; edits++)
        {
            trace.Add(reach[(most + 1 - edits)..(most + 2 + edits)]);
            for (int k = -edits; k <= edits; k += 2)
            {
                int at = most + 1 + k;
                int x = k == -edits || (k != edits && reach[at - 1] < reach[at + 1]) ? reach[at + 1] : reach[at - 1] + 1;
                int y = x - k;
                while (x < older.Length && y < newer.Length && older[x] == newer[y])
                {
                    x++;
                    y++;
                    work++;
                }
                reach[at] = x;
                if (++work > MostWork) return null;
                if (x >= older.Length && y >= newer.Length) return Back(trace, older.Length, newer.Length);
            }
        }
        return null;
    }

    /// <summary>The equal pairs along the way that the search has found, from its end.</summary>
    private static List<(int, int)> Back(List<int[]> trace, int x, int y)
    {
        var pairs = new List<(int, int)>();
        for (int edits = trace.Count - 1; edits >= 0; edits--)
        {
            int[] reach = trace[edits]; // Those of the round before, from diagonal -edits to edits.
            int k = x - y;
            int from = edits == 0 ? 0 : k == -edits || (k != edits && At(k - 1) < At(k + 1)) ? At(k + 1) : At(k - 1) + 1;
            for (; x > from; x--, y--) pairs.Add((x - 1, y - 1));
            if (edits == 0) break;
            if (k == -edits || (k != edits && At(k - 1) < At(k + 1))) y--;
            else x--;

            int At(int diagonal) => diagonal + edits is var place && place >= 0 && place < reach.Length ? reach[place] : -1;
        }
        pairs.Reverse();
        return pairs;
    }
}
