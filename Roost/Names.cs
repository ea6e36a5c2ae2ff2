namespace Roost;

/// <summary>The one rule for ids and names that callers give.</summary>
internal static class Names
{
    public const int MaxLength = 256;

    /// <summary>Refuses a name that is empty, too long, or holds characters that do not survive storage or a terminal.</summary>
    public static void Check(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) throw new InvalidInputException(field, "is empty; give 1 to 256 characters.");
        if (value.Length > MaxLength) throw new InvalidInputException(field, $"is {value.Length:N0} characters long (\"{value[..32]}...\"); the limit is {MaxLength}.");
        CheckText(field, value);
        foreach (char c in value)
            if (char.IsControl(c)) throw new InvalidInputException(field, $"holds the control character U+{(int)c:X4}; use printable characters.");
    }

    /// <summary>Refuses text that SQLite or UTF-8 cannot hold unchanged.</summary>
    public static void CheckText(string field, string value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (c == '\0') throw new InvalidInputException(field, $"holds a NUL character at position {i}; remove it.");
            if (!char.IsSurrogate(c)) continue;
            if (char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1])) i++;
            else throw new InvalidInputException(field, $"holds half of a surrogate pair at position {i}; it is not valid Unicode text.");
        }
    }
}
