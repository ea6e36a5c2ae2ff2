using System.Text.RegularExpressions;

namespace Roost.Cli.Console;

/// <summary>
/// Which keys hold secrets. A key is compared word by word, whether it is written in snake_case, kebab-case or camelCase: <c>accessToken</c> is
/// secret because of <c>token</c>, and <c>max_tokens</c> is not.
/// </summary>
public sealed partial class SecretKeys
{
    /// <summary>What is shown in the place of a secret.</summary>
    public const string Mask = "***";

    private readonly string[] keys;
    private readonly Regex? inText;

    public SecretKeys(IEnumerable<string> keys, bool reveal)
    {
        this.keys = reveal ? [] : [.. keys.Select(Words).Where(words => words.Length > 2)];
        if (this.keys.Length > 0)
        {
            string any = string.Join('|', this.keys.Select(key => Regex.Escape(key.Trim('_')).Replace("_", "[_-]?", StringComparison.Ordinal)));
            inText = new Regex($"""(?<key>(?<![a-z])(?:{any})(?![a-z])\\*["']?\s*[:=]\s*)(?<value>(?:(?:bearer|basic)\s+)?(?:(?<quote>\\*["'])(?:(?!\k<quote>)[^\n])*(?:\k<quote>)?|[^\s"',;&<>\\]+))""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
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
    public string Hide(string text)
    {
        if (inText is null) return text;
        try
        {
            return inText.Replace(text, found => $"{found.Groups["key"].Value}{found.Groups["quote"].Value}{Mask}{found.Groups["quote"].Value}");
        }
        catch (RegexMatchTimeoutException)
        {
            return "(too large to be searched for secrets; use --reveal to see it)";
        }
    }

    private static string Words(string key) => $"_{Boundary().Replace(key, "_").Trim('_').ToLowerInvariant()}_";

    [GeneratedRegex("[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex Boundary();
}
