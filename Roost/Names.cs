namespace Roost;

/// <summary>The one rule for ids and names that callers give.</summary>
internal static class Names
{
    public const int MaxLength = 256;

    /// <summary>Refuses a name that is empty, too long, or holds characters that do not survive storage or a terminal.</summary>
    public static void Check(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new InvalidInputException(field, "is empty; give 1 to 256 characters.");
        if (value.Length > MaxLength)
            throw new InvalidInputException(field, $"is {value.Length:N0} characters long (\"{value[..32]}...\"); the limit is {MaxLength}.");
        CheckText(field, value);
        foreach (char c in value)
            if (char.IsControl(c)) throw new InvalidInputException(field, $"holds the control character U+{(int)c:X4}; use printable characters.");
    }

    /// <summary>Refuses a name that is matched against others when it could only miss: white space around it.</summary>
    public static void CheckExact(string field, string? value)
    {
        Check(field, value);
        if (char.IsWhiteSpace(value![0]) || char.IsWhiteSpace(value[^1]))
            throw new InvalidInputException(field, $"\"{value}\" begins or ends with white space; remove it.");
    }

    /// <summary>Refuses an artifact's name that would lead out of a folder when it is used as a file's name: a folder in front of it is fine.</summary>
    public static void CheckFile(string field, string? value)
    {
        Check(field, value);
        if (value!.Contains('\\') || value.Contains(':') || value.Split('/').Any(part => part is "" or "." or ".."))
            throw new InvalidInputException(
                field,
                $"\"{value}\" is no relative file name; use one such as \"report.json\" or \"logs/run.txt\", without \"..\", \"\\\", \":\" or a leading \"/\"."
            );
    }

    /// <summary>Refuses text that SQLite or UTF-8 cannot hold unchanged.</summary>
    public static void CheckText(string field, string value)
    {
        if (value.IndexOf('\0', StringComparison.Ordinal) is var at and >= 0)
            throw new InvalidInputException(field, $"holds a NUL character at position {at}; remove it.");
        CheckSurrogates(field, value);
    }

    /// <summary>Refuses text that UTF-8 cannot hold unchanged.</summary>
    public static void CheckSurrogates(string field, string value)
    {
        int first = value.AsSpan().IndexOfAnyInRange('\ud800', '\udfff');
        for (int i = first; i >= 0 && i < value.Length; i++)
        {
            char c = value[i];
            if (!char.IsSurrogate(c)) continue;
            if (char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1])) i++;
            else throw new InvalidInputException(field, $"holds half of a surrogate pair at position {i}; it is not valid Unicode text.");
        }
    }
}
