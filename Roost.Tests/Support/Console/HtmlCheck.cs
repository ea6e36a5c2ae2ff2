namespace Roost.Tests.Support;

/// <summary>Reads a page's markup as a browser would, and finds what the console's own pages never hold: whatever it finds came out of a text.</summary>
internal static class HtmlCheck
{
    private static readonly HashSet<string> Elements =
    [
        "html", "head", "meta", "title", "link", "script", "body", "a", "header", "img", "nav", "form", "input", "kbd", "main", "div", "p", "footer",
        "span", "button", "dialog", "h1", "h2", "dl", "dt", "dd", "section", "table", "thead", "tbody", "tr", "th", "td", "label", "select", "option",
        "textarea", "fieldset", "legend", "h3", "h4", "h5", "h6", "ol", "blockquote", "em", "strong", "hr", "br",
        "datalist", "details", "summary", "ul", "li", "pre", "code", "svg", "rect", "g", "time", "b", "del", "ins",
        "defs", "pattern", "circle", "path",
    ];

    private static readonly HashSet<string> Attributes =
    [
        "lang", "charset", "name", "content", "rel", "href", "type", "src", "defer", "class", "alt", "width", "height", "action", "role", "id",
        "value", "placeholder", "maxlength", "autocomplete", "tabindex", "title", "hidden", "method", "selected", "required", "datetime", "viewbox",
        "rows", "spellcheck", "for", "inputmode", "checked", "start", "preserveaspectratio", "x", "y", "rx", "open", "download", "list",
        "data-live", "data-key", "data-name", "data-copy", "data-ago", "aria-label", "aria-labelledby", "aria-current", "aria-hidden",
        "aria-invalid", "aria-describedby", "fill", "patternunits", "patterntransform", "cx", "cy", "r", "d",
    ];

    private static readonly HashSet<string> Addresses = ["href", "src", "action"];

    /// <summary>Elements, attributes and addresses that do not belong to the console, in words.</summary>
    public static IReadOnlyList<string> Dangers(string page)
    {
        var found = new List<string>();
        for (int at = page.IndexOf('<'); at >= 0; at = at < page.Length ? page.IndexOf('<', at) : -1)
        {
            if (page.AsSpan(at).StartsWith("<!doctype html>", StringComparison.OrdinalIgnoreCase)) at += 15;
            else if (page.AsSpan(at).StartsWith("</", StringComparison.Ordinal)) at = page.IndexOf('>', at) is var end and >= 0 ? end + 1 : page.Length;
            else if (at + 1 < page.Length && char.IsAsciiLetter(page[at + 1])) at = Element(page, at + 1, found);
            else found.Add($"a bare {page.Substring(at, Math.Min(20, page.Length - at))}"[..Math.Min(27, page.Length - at + 7)] + At(ref at));
        }
        return found;

        static string At(ref int at) => $" at {at++}";
    }

    private static int Element(string page, int at, List<string> found)
    {
        string name = Word(page, ref at).ToLowerInvariant();
        if (!Elements.Contains(name)) found.Add($"<{name}>");
        bool hasSource = false;
        while (true)
        {
            while (at < page.Length && (char.IsWhiteSpace(page[at]) || page[at] == '/')) at++;
            if (at >= page.Length) return at;
            if (page[at] == '>') break;
            string attribute = Word(page, ref at).ToLowerInvariant(), value = "";
            if (attribute.Length == 0)
            {
                found.Add($"a stray {page[at++]} in <{name}>");
                continue;
            }
            if (at < page.Length && page[at] == '=')
                value = Value(page, ref at);
            if (!Attributes.Contains(attribute))
                found.Add($"<{name} {attribute}>");
            if (
                Addresses.Contains(attribute)
                && !(value.StartsWith('/') && !value.StartsWith("//", StringComparison.Ordinal) && !value.StartsWith("/\\", StringComparison.Ordinal))
                && value != "#main"
            )
                found.Add($"<{name} {attribute}={value}>");
            if (attribute == "fill" && !value.StartsWith("url(#life-", StringComparison.Ordinal)) found.Add($"<{name} {attribute}={value}>");
            hasSource |= attribute == "src" && value.StartsWith("/assets/", StringComparison.Ordinal);
        }
        if (name == "script" && !hasSource) found.Add("<script> of its own");
        return at + 1;
    }

    private static string Word(string page, ref int at)
    {
        int from = at;
        while (at < page.Length && !char.IsWhiteSpace(page[at]) && page[at] is not ('/' or '>' or '=' or '"' or '\'' or '<')) at++;
        return page[from..at];
    }

    private static string Value(string page, ref int at)
    {
        at++;
        if (at < page.Length && page[at] is '"' or '\'')
        {
            int end = page.IndexOf(page[at], at + 1);
            string quoted = end < 0 ? "" : page[(at + 1)..end];
            at = end < 0 ? page.Length : end + 1;
            return quoted;
        }
        int from = at;
        while (at < page.Length && !char.IsWhiteSpace(page[at]) && page[at] != '>') at++;
        return page[from..at];
    }
}
