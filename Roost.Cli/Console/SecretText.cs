using System.Text;

namespace Roost.Cli.Console;

/// <summary>
/// Finds in a text what follows a secret key, as in <c>token=abc</c>, <c>"password": "x"</c> or <c>Authorization: Bearer abc</c>. By hand and in one
/// pass, because a pattern for it would have to go back, and a text can be made for that.
/// </summary>
internal sealed class SecretText
{
    private static readonly string[] Schemes = ["bearer", "basic"];

    private readonly string[] keys;

    /// <param name="keys">In lower case, their words joined by an underscore, which may be a dash or be missing in the text.</param>
    public SecretText(IEnumerable<string> keys) => this.keys = [.. keys];

    public string Hide(string text)
    {
        StringBuilder? hidden = null;
        int told = 0;
        for (int at = 0; at < text.Length;)
        {
            int value = at == 0 || !char.IsAsciiLetter(text[at - 1]) ? ValueAt(text, at) : -1;
            if (value < 0 || EndOfValue(text, value) is not { } found)
            {
                at++;
                continue;
            }
            hidden ??= new StringBuilder(text.Length);
            hidden.Append(text, told, value - told).Append(found.Quote).Append(SecretKeys.Mask).Append(found.Quote);
            at = told = found.End;
        }
        return hidden is null ? text : hidden.Append(text, told, text.Length - told).ToString();
    }

    /// <summary>Where the value of a key that begins here begins; -1 where none does.</summary>
    private int ValueAt(string text, int start)
    {
        foreach (string key in keys)
        {
            int at = EndOfKey(text, start, key);
            if (at < 0 || (at < text.Length && char.IsAsciiLetter(text[at]))) continue;
            while (at < text.Length && text[at] == '\\') at++;
            if (at < text.Length && text[at] is '"' or '\'') at++;
            at = AfterSpace(text, at);
            if (at < text.Length && text[at] is ':' or '=') return AfterSpace(text, at + 1);
        }
        return -1;
    }

    private static int EndOfKey(string text, int at, string key)
    {
        foreach (char letter in key)
        {
            if (letter == '_')
            {
                if (at < text.Length && text[at] is '_' or '-') at++;
                continue;
            }
            if (at == text.Length || char.ToLowerInvariant(text[at]) != letter) return -1;
            at++;
        }
        return at;
    }

    /// <summary>With the scheme of an authorization before it; a scheme that nothing follows is the value itself.</summary>
    private static (int End, string Quote)? EndOfValue(string text, int start)
    {
        foreach (string scheme in Schemes)
        {
            if (string.Compare(text, start, scheme, 0, scheme.Length, StringComparison.OrdinalIgnoreCase) != 0) continue;
            int after = AfterSpace(text, start + scheme.Length);
            if (after > start + scheme.Length && EndOfWord(text, after) is { } found) return found;
        }
        return EndOfWord(text, start);
    }

    /// <summary>To its closing quote, which may be escaped as the opening one is, or to the end of the line where that was cut off.</summary>
    private static (int End, string Quote)? EndOfWord(string text, int start)
    {
        int at = start;
        while (at < text.Length && text[at] == '\\') at++;
        if (at < text.Length && text[at] is '"' or '\'')
        {
            string quote = text[start..(at + 1)];
            int line = text.IndexOf('\n', at + 1);
            if (line < 0) line = text.Length;
            int close = text.IndexOf(quote, at + 1, line - at - 1, StringComparison.Ordinal);
            return (close < 0 ? line : close + quote.Length, quote);
        }
        at = start;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('"' or '\'' or ',' or ';' or '&' or '<' or '>' or '\\')) at++;
        return at > start ? (at, "") : null;
    }

    private static int AfterSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at;
    }
}
