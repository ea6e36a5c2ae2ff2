namespace Roost.Stores;

/// <summary>Texts of exceptions and engines as they are kept: bounded, and of letters that SQLite can hold.</summary>
internal static class FailureText
{
    public const int MostMessage = 10_000;
    public const int MostStack = 20_000;

    /// <summary>A message, or that there is none.</summary>
    public static string Message(string? text, int most = MostMessage) => string.IsNullOrEmpty(text) ? "(no message)" : Cut(text, most)!;

    /// <summary>No longer than that, with a sign where it was cut, and with a replacement for each NUL and each half of a surrogate pair.</summary>
    public static string? Cut(string? text, int most)
    {
        if (text is null) return null;
        bool isCut = text.Length > most;
        if (isCut) text = text[..(most > 0 && char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
        if (text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0 || text.Contains('\0')) text = Cleaned(text);
        return isCut ? text + "…" : text;
    }

    private static string Cleaned(string text) => string.Create(text.Length, text, static (clean, dirty) =>
    {
        for (int i = 0; i < clean.Length; i++)
        {
            clean[i] = dirty[i];
            if (char.IsHighSurrogate(dirty[i]) && i + 1 < dirty.Length && char.IsLowSurrogate(dirty[i + 1])) clean[++i] = dirty[i];
            else if (dirty[i] == '\0' || char.IsSurrogate(dirty[i])) clean[i] = '\uFFFD';
        }
    });
}
