namespace Roost.Commands.Output;

/// <summary>
/// Masks secrets in a text that comes piece by piece. The last word is held back until it is whole, and what a secret is known by (its key, the line that
/// begins a private key) is remembered from the last empty line on.
/// </summary>
internal sealed class MaskedText(Printer print)
{
    /// <summary>So many bytes before a stretch are looked at for what makes a secret in it known.</summary>
    public const int Context = MostRemembered;

    private const int MostRemembered = 16 * 1024;

    private string remembered = "", word = "";
    private int shown;

    /// <summary>What can be shown by now.</summary>
    public string Append(string piece)
    {
        if (!print.IsMasking) return piece;
        string text = word + piece;
        int end = text.Length;
        while (end > 0 && !char.IsWhiteSpace(text[end - 1])) end--;
        word = text[end..];
        return Show(text[..end]);
    }

    /// <summary>The rest: nothing follows it.</summary>
    public string End()
    {
        string rest = word;
        word = "";
        return Show(rest);
    }

    private string Show(string text)
    {
        if (text.Length == 0) return "";
        remembered += text;
        string masked = print.Hide(remembered);
        string next = masked.Length > shown ? masked[shown..] : "";
        shown = Math.Max(shown, masked.Length);
        Forget();
        return next;
    }

    private void Forget()
    {
        int until = remembered.LastIndexOf("\n\n", StringComparison.Ordinal) + 1;
        if (remembered.Length - until > MostRemembered) until = remembered.Length - (MostRemembered / 2);
        if (until == 0) return;
        remembered = remembered[until..];
        shown = print.Hide(remembered).Length;
    }
}
