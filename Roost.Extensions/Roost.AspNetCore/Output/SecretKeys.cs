using System.Text;

namespace Roost.AspNetCore.Output;

/// <summary>
/// Which keys hold secrets. A key is compared word by word, whether it is written in snake_case, kebab-case or camelCase: <c>accessToken</c> is
/// secret because of <c>token</c>; <c>max_tokens</c> is not, and neither is what counts, limits or describes, as <c>token_budget</c>.
/// A help against reading over somebody's shoulder, and no promise: what looks like nothing known stays as it is.
/// </summary>
public sealed class SecretKeys
{
    /// <summary>What is shown in the place of a secret.</summary>
    public const string Mask = "***";

    /// <summary>Words after a key by which it tells something about the secret, and not the secret.</summary>
    private static readonly string[] Facts =
    [
        "budget", "budgets", "count", "counts", "counter", "limit", "limits", "usage", "used", "total", "totals", "max", "maximum", "min", "minimum",
        "size", "length", "len", "rate", "cost", "costs", "price", "quota", "remaining", "left", "window", "estimate", "estimated", "per", "ratio",
        "percent", "average", "avg", "threshold", "index", "position", "offset", "type", "types", "kind", "url", "uri", "endpoint", "expiry",
        "expires", "expiration", "lifetime", "ttl", "age", "policy", "policies", "name", "names", "required", "present", "valid", "details", "stats",
        "statistics",
    ];

    /// <summary>Such words before it.</summary>
    private static readonly string[] Before = ["max", "min", "maximum", "minimum", "num", "number", "total", "count", "has", "is", "needs", "requires", "per"];

    private readonly string[] keys;
    private readonly SecretText? inText;

    /// <summary>Masks the values of these keys.</summary>
    /// <param name="keys">Words; a key that has one of them is meant, unless it tells of the secret only, as <c>token_count</c> does.</param>
    /// <param name="reveal">Mask nothing.</param>
    public SecretKeys(IEnumerable<string> keys, bool reveal)
    {
        this.keys = reveal ? [] : [.. keys.Select(Words).Where(words => words.Length > 2)];
        if (!reveal) inText = new(IsSecret, EndsSecret);
    }

    /// <summary>The keys that are masked unless others are named.</summary>
    public static IReadOnlyList<string> Usual { get; } =
    [
        "token", "secret", "secrets", "password", "passwords", "passwd", "pwd", "passphrase", "api_key", "apikey", "access_key", "account_key",
        "authorization", "private_key", "credential", "credentials", "cookie", "cookies",
    ];

    internal bool IsMasking => inText is not null;

    /// <summary>Whether the value of a key is masked.</summary>
    public bool IsSecret(string key)
    {
        if (keys.Length == 0) return false;
        string words = Words(key);
        foreach (string secret in keys)
        {
            for (
                int at = words.IndexOf(secret, StringComparison.Ordinal);
                at >= 0;
                at = words.IndexOf(secret, at + secret.Length - 1, StringComparison.Ordinal)
            )
                if (!IsFact(words, at, at + secret.Length))
                    return true;
        }
        return false;
    }

    /// <summary>
    /// A text with what looks like a secret masked: what follows a secret key, as in <c>token=abc</c> or <c>"password": "x"</c>, and tokens, passwords and keys
    /// that are known by their form.
    /// </summary>
    public string Hide(string text) => inText is null ? text : inText.Hide(text);

    /// <summary>Of the words of a sentence the last must be the secret's: a "password for" something is none.</summary>
    private bool EndsSecret(string name)
    {
        string words = Words(name);
        return keys.Any(secret => words.EndsWith(secret, StringComparison.Ordinal)) && IsSecret(name);
    }

    private static bool IsFact(string words, int from, int to)
    {
        int after = words.IndexOf('_', to);
        if (after > to && Facts.Contains(words[to..after])) return true;
        int before = from > 0 ? words.LastIndexOf('_', from - 1) : -1;
        return before >= 0 && Before.Contains(words[(before + 1)..from]);
    }

    /// <summary>The words of a key in lower case, each between underscores.</summary>
    private static string Words(string key)
    {
        var words = new StringBuilder("_", key.Length + 8);
        for (int i = 0; i < key.Length; i++)
        {
            char c = key[i];
            if (!char.IsAsciiLetterOrDigit(c))
            {
                End(words);
                continue;
            }
            char last = i > 0 ? key[i - 1] : ' ';
            bool isNew =
                (
                    char.IsAsciiLetterUpper(c)
                    && (char.IsAsciiLetterLower(last) || (char.IsAsciiLetterUpper(last) && i + 1 < key.Length && char.IsAsciiLetterLower(key[i + 1])))
                )
                || (char.IsAsciiDigit(c) && char.IsAsciiLetter(last))
                || (char.IsAsciiLetter(c) && char.IsAsciiDigit(last));
            if (isNew)
                End(words);
            words.Append(char.ToLowerInvariant(c));
        }
        End(words);
        return words.ToString();
    }

    private static void End(StringBuilder words)
    {
        if (words[^1] != '_') words.Append('_');
    }
}
