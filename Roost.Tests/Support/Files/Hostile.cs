namespace Roost.Tests.Support;

/// <summary>Texts with which somebody might try to break something.</summary>
internal static class Hostile
{
    /// <summary>Turns what follows it round, where it is shown as it is.</summary>
    public const char Override = '\u202E';

    /// <summary>Names that no rule forbids: each has to stay what it is, and be a name and nothing else, everywhere.</summary>
    public static string[] Names { get; } =
    [
        "../../etc/passwd", "/etc/passwd", "..", ".roost", "CON", "con.txt", "NUL", "C:\\windows", "'; DROP TABLE roost_work; --", "\" OR 1=1 --",
        "x' UNION SELECT 1 --", "%", "_", "a%b_c\\d", "*", "[a-z]", "[red]x[/]", "[/]", "<script>roost()</script>", "\"><img src=x onerror=roost()>",
        "' onmouseover='roost()", "javascript:roost()", "&lt;b&gt;&amp;", "-rf", "--help", "@/etc/passwd", "$(id)", "`id`", "{0}", "?1", "@id", "$id",
        "\U0001F426", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "e\u0301", "\u00e9", $"{Override}gpj.exe", "\u2066a\u2069", "\u200B", "\uFFFD",
        "\uE000", new('x', 256),
    ];

    /// <summary>Names that are refused for a character in them.</summary>
    public static string[] RefusedNames { get; } =
    [
        "", " ", "a\0b", "a\nb", "\u001b[31mred", "\u001b]0;owned\u0007", "\u009b31m", "a\rb", "\tb", "a\u007fb", "\ud800", "a\udc00b", new('x', 257),
        new('x', 10_240),
    ];

    /// <summary>Markup that would run or lead away if any of it reached a page as markup.</summary>
    public const string Markup =
        "<script>roost()</script><img src=x onerror=roost()>\"><svg onload=roost()>' onmouseover='roost()\" onfocus=\"roost() autofocus <a " +
        "href=\"javascript:roost()\">x</a>" +
        "</textarea></title></style></pre></option></select><!--<base href=//evil.example><meta http-equiv=refresh content=0><iframe " +
        "srcdoc=x></iframe>{{7*7}}\u202E&#60;b&#62;";

    /// <summary>What would steer a terminal: colours, the title, a link, the clipboard, a C1 introducer, a bell, backspaces; and a markup of its own.</summary>
    public const string Escapes =
        "[red]\u001b[31mred\u001b[2J\u001b[H\u001b]0;owned\u0007\u001b]8;;http://evil.example\u001b\\link\u001b]52;c;eA==\u0007" +
        "\u009b31m\u009d0;x\u009c\u0090q\u009c\b\b\b\rover\u007f\u202E\u2066x[/][bold]";

    /// <summary>Any text: ordinary, hostile, or random letters out of all of Unicode.</summary>
    public static string Text(Random random)
    {
        switch (random.Next(5))
        {
            case 0: return Names[random.Next(Names.Length)];
            case 1: return RefusedNames[random.Next(RefusedNames.Length)];
            case 2: return random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture);
            case 3: return random.Next(2) == 0 ? Markup : Escapes;
            default:
                char[] letters = new char[random.Next(40)];
                for (int i = 0; i < letters.Length; i++) letters[i] = (char)(random.Next(3) == 0 ? random.Next(0x10000) : random.Next(0x20, 0x7F));
                return new(letters);
        }
    }
}
