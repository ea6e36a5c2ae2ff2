namespace Roost.AspNetCore.Input;

/// <summary>The known name that a mistyped one is nearest to.</summary>
internal static class Suggestion
{
    public static string? For(string typed, IEnumerable<string> known, int atMost = 3)
    {
        (string Name, int Far)? nearest = known
            .Select(name => (Name: name, Far: Distance(typed, name)))
            .OrderBy(pair => pair.Far)
            .Cast<(string, int)?>()
            .FirstOrDefault();
        return nearest is { } best && best.Far <= atMost && best.Far < typed.Length ? best.Name : null;
    }

    /// <summary>Levenshtein's: how many letters to change, add or drop.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
