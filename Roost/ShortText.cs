namespace Roost;

/// <summary>Texts that are told in a message, an event or a sentence, and may be long.</summary>
internal static class ShortText
{
    /// <summary>So many characters at most, with an ellipsis where something was left out; no pair of surrogates is torn.</summary>
    public static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "…";
}
