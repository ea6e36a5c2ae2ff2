using System.Buffers;

namespace Roost.Commands.Output;

/// <summary>
/// Masks secrets in a text that comes piece by piece. What may become a secret with what follows is held back, the last word and an address that has begun,
/// but never more than some hundred letters; and what a secret is known by (its key, the line that begins a private key) is remembered from the last empty
/// line on.
/// </summary>
internal sealed class MaskedText(Printer print)
{
    /// <summary>So many bytes before a stretch are looked at for what makes a secret in it known.</summary>
    public const int Context = MostRemembered;

    private const int MostRemembered = 16 * 1024, MostHeld = 512;

    private const string Address = "://";

    private static readonly SearchValues<char>
        OfWord = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/=:@%&?#"),
        EndsAddress = SearchValues.Create("/?#\"'<>\\ \t\r\n");

    private string remembered = "", word = "";
    private int shown;

    /// <summary>Text before what is shown: nothing of it is, but that a secret goes on.</summary>
    public void Skip(string before)
    {
        if (!print.IsMasking) return;
        remembered += before;
        string masked = print.Hide(remembered);
        bool goesOn = masked.EndsWith(SecretKeys.Mask, StringComparison.Ordinal) && !remembered.EndsWith(SecretKeys.Mask, StringComparison.Ordinal);
        shown = masked.Length - (goesOn ? SecretKeys.Mask.Length : 0);
        if (!goesOn) Forget();
    }

    /// <summary>What can be shown by now.</summary>
    public string Append(string piece)
    {
        if (!print.IsMasking) return piece;
        string text = word + piece;
        int held = HeldFrom(text);
        word = text[held..];
        return Show(text[..held]);
    }

    /// <summary>From where on something may be a secret that is not known as one yet.</summary>
    private static int HeldFrom(string text)
    {
        int from = text.AsSpan().LastIndexOfAnyExcept(OfWord) + 1, address = text.LastIndexOf(Address, StringComparison.Ordinal) + Address.Length;
        if (address >= Address.Length && from > address)
        {
            int ended = text.AsSpan(address).IndexOfAny(EndsAddress);
            if (ended < 0) from = address - Address.Length; // By which it is known again.
            else from = Math.Max(from, address + ended);
        }
        from = Math.Max(from, text.Length - MostHeld);
        return from > 0 && from < text.Length && char.IsLowSurrogate(text[from]) ? from + 1 : from;
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
