using System.Buffers;
using System.Text;

namespace Roost.AspNetCore.Output;

/// <summary>
/// Finds secrets within a text by their form: what follows a secret key, an option or a scheme, the password of an address, tokens that are known
/// by how they begin, private keys. By hand, so that no text makes it slow: each part looks at every letter a bounded number of times.
/// </summary>
internal sealed class SecretText(Func<string, bool> isSecret, Func<string, bool> endsSecret)
{
    private const int MostName = 64, MostGap = 8, MostField = 256;

    private static readonly SearchValues<char> MadeSigns = SearchValues.Create("._~+/="),
        UpperOrDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private static readonly string[] Schemes = ["bearer", "basic", "token", "digest", "negotiate", "apikey", "aws4-hmac-sha256"];
    private static readonly string[] Signatures = ["sig", "signature", "x-amz-signature"];

    /// <summary>After an option's name these words belong to a sentence.</summary>
    private static readonly string[] Prose =
    [
        "is", "are", "was", "were", "must", "may", "can", "cannot", "should", "to", "for", "and", "or", "not", "with", "in", "on", "as", "option",
        "flag", "has", "needs", "requires", "required", "missing", "instead", "if", "when", "where", "needed",
    ];

    /// <summary>How tokens of well-known services begin, and how long they are at least.</summary>
    private static readonly (string Start, int Least)[] Tokens =
    [
        ("sk-live-", 12), ("sk-test-", 12), ("sk-proj-", 12), ("sk-ant-", 12), ("sk-or-", 12), ("sk-svcacct-", 16),
        ("sk_live_", 12), ("sk_test_", 12), ("rk_live_", 12), ("rk_test_", 12),
        ("ghp_", 20), ("gho_", 20), ("ghu_", 20), ("ghs_", 20), ("ghr_", 20), ("github_pat_", 20), ("glpat-", 16),
        ("xoxb-", 14), ("xoxp-", 14), ("xoxa-", 14), ("xoxr-", 14), ("xoxs-", 14), ("xapp-", 14),
        ("AIza", 35), ("npm_", 30), ("hf_", 20), ("shpat_", 20), ("whsec_", 16), ("pypi-", 20), ("dop_v1_", 20),
    ];

    public string Hide(string text)
    {
        var found = new List<(int From, int To)>();
        AddAssigned(text, found);
        AddOptions(text, found);
        foreach (string scheme in (string[])["bearer", "basic"]) AddAfterScheme(text, scheme, found);
        AddPasswordsOfAddresses(text, found);
        AddTokens(text, found);
        AddPrivateKeys(text, found);
        return found.Count == 0 ? text : Mask(text, found);
    }

    private static string Mask(string text, List<(int From, int To)> found)
    {
        found.Sort();
        var masked = new StringBuilder(text.Length);
        int at = 0;
        for (int i = 0; i < found.Count;)
        {
            (int from, int to) = found[i++];
            while (i < found.Count && found[i].From <= to) to = Math.Max(to, found[i++].To);
            masked.Append(text, at, from - at).Append(SecretKeys.Mask);
            at = to;
        }
        return masked.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>What follows a secret key and : or =, as in <c>token=abc</c>, <c>"password": "x"</c> or <c>Server=a;Password=b c</c>.</summary>
    private void AddAssigned(string text, List<(int From, int To)> found)
    {
        for (int at = 0; text.AsSpan(at).IndexOfAny(':', '=') is var next and >= 0;)
        {
            int sign = at + next;
            at = sign + 1;
            char after = at < text.Length ? text[at] : ' ';
            if (after == text[sign] || after == '>' || text.AsSpan(sign).StartsWith("://")) // a::b, a == b, a => b and an address assign nothing.
            {
                at++;
                continue;
            }
            if (NameBefore(text, sign) is not { } name) continue;
            int from = SkipBlanks(text, at);
            (from, int to) = Value(text, from, name);
            if (to <= from) continue;
            if (!text.AsSpan(from, to - from).SequenceEqual("null")) found.Add((from, to));
            at = to;
        }
    }

    /// <summary>The secret key that stands before a sign, in quotes or not.</summary>
    private string? NameBefore(string text, int sign)
    {
        int end = sign;
        for (int gap = 0; end > 0 && gap < MostGap && text[end - 1] is ' ' or '\t'; gap++) end--;
        if (end > 0 && text[end - 1] is '"' or '\'' or '`') end--;
        for (int gap = 0; end > 0 && gap < MostGap && text[end - 1] == '\\'; gap++) end--;
        int start = StartOfName(text, end);
        if (start == end) return null;
        string name = text[start..end];
        if (isSecret(name)) return name;
        if (start > 0 && text[start - 1] is '?' or '&' && Signatures.Contains(name, StringComparer.OrdinalIgnoreCase)) return name;
        if (start < 2 || text[start - 1] != ' ') return null;
        string two = text[StartOfName(text, start - 1)..end]; // "API key: x"
        return endsSecret(two) ? two : null;
    }

    private static int StartOfName(string text, int end)
    {
        int start = end;
        while (start > 0 && end - start < MostName && IsOfName(text[start - 1])) start--;
        return start;
    }

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';

    private static (int From, int To) Value(string text, int from, string name)
    {
        int bare = from;
        foreach (string scheme in Schemes)
            if (
                text.AsSpan(from).StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
                && from + scheme.Length < text.Length
                && text[from + scheme.Length] is ' ' or '\t'
            )
                bare = SkipBlanks(text, from + scheme.Length);
        int slashes = bare;
        while (slashes < text.Length && text[slashes] == '\\') slashes++;
        if (slashes < text.Length && text[slashes] is '"' or '\'' or '`') return (slashes + 1, EndOfQuoted(text, slashes + 1, text[slashes], slashes - bare));
        if (name.EndsWith("cookie", StringComparison.OrdinalIgnoreCase)) return (from, EndOf(text, bare, text.Length, c => c is '\n' or '\r' or '"' or '\''));
        return (from, Math.Max(EndOfField(text, bare), EndOf(text, bare, text.Length, IsAfterWord)));
    }

    /// <summary>A quote ends at the next that has as many backslashes before it as the first; within JSON in JSON that is one or three.</summary>
    private static int EndOfQuoted(string text, int from, char quote, int slashes)
    {
        int before = 0;
        for (int at = from; at < text.Length; at++)
        {
            if (text[at] is '\n' or '\r') return at;
            if (text[at] == quote && (slashes == 0 ? before % 2 == 0 : before <= slashes)) return at - (slashes == 0 ? 0 : before);
            before = text[at] == '\\' ? before + 1 : 0;
        }
        return text.Length;
    }

    /// <summary>The value of a connection string may hold anything but its semicolon; it is one where another field or the end follows that.</summary>
    private static int EndOfField(string text, int from)
    {
        int most = Math.Min(text.Length, from + MostField), end = EndOf(text, from, most, c => c is ';' or '\n' or '\r' or '"' or '\'');
        if (end >= most || text[end] != ';') return from;
        int name = SkipBlanks(text, end + 1), past = EndOf(text, name, Math.Min(text.Length, name + MostName), c => !IsOfName(c) && c != ' ');
        return past > name && past < text.Length && text[past] == '=' ? end : from;
    }

    private static bool IsAfterWord(char c) => char.IsWhiteSpace(c) || c is '"' or '\'' or ',' or ';' or '&' or '<' or '>' or '\\' or '`';

    private static int EndOf(string text, int from, int most, Func<char, bool> isEnd)
    {
        while (from < most && !isEnd(text[from])) from++;
        return from;
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t') at++;
        return at;
    }

    /// <summary>The word after an option with a secret name: <c>--password x</c>.</summary>
    private void AddOptions(string text, List<(int From, int To)> found)
    {
        for (int at = 0; text.AsSpan(at).IndexOf("--") is var next and >= 0;)
        {
            int start = at + next;
            at = start + 2;
            if (start > 0 && IsOfName(text[start - 1]))
                continue;
            int end = EndOf(text, at, Math.Min(text.Length, at + MostName), c => !IsOfName(c)),
                from = SkipBlanks(text, end);
            if (end == at || from == end || from >= text.Length || text[from] == '-' || !isSecret(text[at..end]))
                continue;
            int to = text[from] is '"' or '\''
                ? EndOfQuoted(text, ++from, text[from - 1], 0)
                : EndOf(text, from, text.Length, c => char.IsWhiteSpace(c) || c is '"' or '\'');
            if (to > from && !Prose.Contains(text[from..to].TrimEnd('.', ',', ';', ':'), StringComparer.OrdinalIgnoreCase))
                found.Add((from, to));
            at = Math.Max(at, to);
        }
    }

    private static void AddAfterScheme(string text, string scheme, List<(int From, int To)> found)
    {
        for (int at = 0; text.AsSpan(at).IndexOf(scheme, StringComparison.OrdinalIgnoreCase) is var next and >= 0;)
        {
            int start = at + next, end = start + scheme.Length, from = SkipBlanks(text, end);
            at = Math.Max(end, from);
            if (from == end || (start > 0 && IsOfName(text[start - 1]))) continue;
            int to = EndOf(text, from, text.Length, c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '~' or '+' or '/' or '=' or '-'));
            at = Math.Max(at, to);
            ReadOnlySpan<char> token = text.AsSpan(from, to - from).TrimEnd('.');
            if (LooksMade(token)) found.Add((from, from + token.Length));
        }
    }

    /// <summary>No word of a sentence: it has a digit or a sign, or is longer than words are.</summary>
    private static bool LooksMade(ReadOnlySpan<char> token) =>
        token.Length >= 20 || (token.Length >= 6 && (token.ContainsAnyInRange('0', '9') || token.ContainsAny(MadeSigns)));

    private static void AddPasswordsOfAddresses(string text, List<(int From, int To)> found)
    {
        for (int at = 0; text.AsSpan(at).IndexOf("://") is var next and >= 0;)
        {
            int from = at + next + 3,
                end = EndOf(text, from, text.Length, c => c is '/' or '?' or '#' or '"' or '\'' or '<' or '>' or '\\' || char.IsWhiteSpace(c));
            at = end;
            int sign = from + text.AsSpan(from, end - from).LastIndexOf('@');
            if (sign < from) continue;
            int colon = text.IndexOf(':', from, sign - from);
            if (colon >= 0 && colon + 1 < sign) found.Add((colon + 1, sign));
            else if (colon < 0 && LooksMade(text.AsSpan(from, sign - from)) && sign - from >= 16) found.Add((from, sign));
        }
    }

    private static void AddTokens(string text, List<(int From, int To)> found)
    {
        for (int at = 0; at < text.Length;)
        {
            int from = at;
            while (at < text.Length && IsOfToken(text[at])) at++;
            if (at == from)
            {
                at++;
                continue;
            }
            ReadOnlySpan<char> run = text.AsSpan(from, at - from);
            if ((run.StartsWith("eyJ") && run.Length >= 10) || run.SequenceEqual("ya29"))
            {
                int to = Dotted(text, at, out int longest);
                if (longest >= (run.Length > 4 ? 4 : 16)) found.Add((from, at = to));
            }
            else if (IsToken(run)) found.Add((from, at));
        }
    }

    private static bool IsOfToken(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';

    /// <summary>The end of what follows in pieces after dots, two at most.</summary>
    private static int Dotted(string text, int at, out int longest)
    {
        longest = 0;
        for (int piece = 0; piece < 2 && at < text.Length && text[at] == '.'; piece++)
        {
            int end = EndOf(text, at + 1, text.Length, c => !IsOfToken(c));
            if (end == at + 1) break;
            longest = Math.Max(longest, end - at - 1);
            at = end;
        }
        return at;
    }

    private static bool IsToken(ReadOnlySpan<char> run)
    {
        if (run.Length == 20 && (run.StartsWith("AKIA") || run.StartsWith("ASIA"))) return !run.ContainsAnyExcept(UpperOrDigits);
        if (run.StartsWith("sk-") && run.Length >= 20 && run.ContainsAnyInRange('0', '9')) return true;
        foreach ((string start, int least) in Tokens)
            if (run.Length >= least && run.StartsWith(start)) return true;
        return false;
    }

    private static void AddPrivateKeys(string text, List<(int From, int To)> found)
    {
        const string Begin = "-----BEGIN ", Key = "PRIVATE KEY-----", End = "-----END";
        for (int at = 0; text.AsSpan(at).IndexOf(Begin) is var next and >= 0;)
        {
            int head = at + next + Begin.Length, named = text.AsSpan(head, Math.Min(MostName, text.Length - head)).IndexOf(Key);
            at = head;
            if (named < 0) continue;
            int from = head + named + Key.Length, end = text.IndexOf(End, from, StringComparison.Ordinal);
            if (end < 0) end = text.Length;
            if (end > from) found.Add((from, end));
            at = end;
        }
    }
}
