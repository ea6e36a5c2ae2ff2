using System.Globalization;
using System.Text;

namespace Roost.AspNetCore.Output;

/// <summary>Stored text made harmless: nothing in it steers a terminal or turns a line round.</summary>
internal static class Text
{
    /// <summary>On one line.</summary>
    public static string Line(string? text) => Clean(text, keepLines: false);

    /// <summary>Line ends and tabulators stay.</summary>
    public static string Lines(string? text) => Clean(text, keepLines: true);

    /// <summary>On one line, and no longer than that.</summary>
    public static string Short(string? text, int length)
    {
        string line = Line(text);
        return line.Length <= length ? line : string.Concat(line.AsSpan(0, char.IsHighSurrogate(line[length - 2]) ? length - 2 : length - 1), "…");
    }

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number and its noun, in the singular or with an s.</summary>
    public static string Count(long number, string noun) => $"{Number(number)} {noun}{(number == 1 ? "" : "s")}";

    private static string Clean(string? text, bool keepLines)
    {
        if (string.IsNullOrEmpty(text)) return "";
        StringBuilder? clean = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool isPair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (isPair || !IsHarmful(c, keepLines))
            {
                clean?.Append(c);
                if (isPair) clean?.Append(text[i + 1]);
                if (isPair) i++;
                continue;
            }
            clean ??= new StringBuilder(text, 0, i, text.Length + 16);
            clean.Append(Visible(c));
        }
        return clean?.ToString() ?? text;
    }

    private static bool IsHarmful(char c, bool keepLines) => CharUnicodeInfo.GetUnicodeCategory(c) switch
    {
        UnicodeCategory.Control => !keepLines || c is not ('\n' or '\t'),
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate => true,
        UnicodeCategory.Format => c is not ('\u200D' or '\u200C'),
        _ => false,
    };

    private static string Visible(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
