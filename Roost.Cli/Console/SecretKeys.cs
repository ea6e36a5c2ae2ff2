using System.Text;

namespace Roost.Cli.Console;

/// <summary>
/// Which keys hold secrets. A key is compared word by word, whether it is written in snake_case, kebab-case or camelCase: <c>accessToken</c> is
/// secret because of <c>token</c>, and <c>max_tokens</c> is not.
/// </summary>
public sealed class SecretKeys
{
    /// <summary>What is shown in the place of a secret.</summary>
    public const string Mask = "***";

    private readonly string[] keys;
    private readonly SecretText? inText;

    public SecretKeys(IEnumerable<string> keys, bool reveal)
    {
        this.keys = reveal ? [] : [.. keys.Select(Words).Where(words => words.Length > 2)];
        if (this.keys.Length > 0) inText = new(this.keys.Select(key => key.Trim('_')));
    }

    /// <summary>The keys that are masked unless others are named.</summary>
    public static IReadOnlyList<string> Usual { get; } = ["token", "secret", "password", "passwd", "api_key", "apikey", "authorization", "private_key", "credential", "credentials", "cookie"];

    public bool IsSecret(string key)
    {
        if (keys.Length == 0) return false;
        string words = Words(key);
        return keys.Any(secret => words.Contains(secret, StringComparison.Ordinal));
    }

    /// <summary>A text with what follows a secret key, as in <c>token=abc</c> or <c>"password": "x"</c>, masked.</summary>
    public string Hide(string text) => inText?.Hide(text) ?? text;

    /// <summary>In lower case, with an underscore around each word.</summary>
    private static string Words(string key)
    {
        var words = new StringBuilder("_", key.Length + 8);
        for (int i = 0; i < key.Length; i++)
        {
            bool isBoundary = !char.IsAsciiLetterOrDigit(key[i]) || (i > 0 && char.IsAsciiLetterUpper(key[i]) && (char.IsAsciiLetterLower(key[i - 1]) || char.IsAsciiDigit(key[i - 1])));
            if (isBoundary && words[^1] != '_') words.Append('_');
            if (char.IsAsciiLetterOrDigit(key[i])) words.Append(char.ToLowerInvariant(key[i]));
        }
        return (words[^1] == '_' ? words : words.Append('_')).ToString();
    }
}
