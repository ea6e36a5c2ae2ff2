using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Roost.Tests.Support;

/// <summary>Makes JSON: acceptable, almost acceptable, or hardly JSON at all.</summary>
internal sealed class JsonFuzz(Random random)
{
    private static readonly string[] GoodNumbers =
    [
        "0", "-0", "1", "-1", "1.5", "1e3", "1E-3", "2147483648", "9223372036854775808", "18446744073709551615", "-9223372036854775809", "1e308",
        "5e-324", "1e-999", "0.30000000000000004", "123456789012345678901234567890",
    ];

    private static readonly string[] BadNumbers = ["1e309", "-1e999999", "NaN", "Infinity", "-", "01", "+1", ".5", "1.", "0x10", "1e", "--1"];

    private static readonly string[] GoodEscapes =
    [
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\ud83d\\udc26",
        "\\u001b",
        "\\u009b",
        "\\ufffd",
        "\\uFFFD",
        "\\u2028",
        "\\ufffe",
    ];

    private static readonly string[] BadEscapes = ["\\ud800", "\\udc26\\ud83d", "\\u0000", "\\x41", "\\u12", "\\", "\u0001", "\n"];

    private bool isGood;

    /// <summary>An object as text, and whether every rule is kept in it.</summary>
    public (string Text, bool IsGood) Object()
    {
        isGood = true;
        string text = Members(1, spoil: random.Next(3) == 0);
        if (random.Next(8) == 0) text = Nested(text);
        if (random.Next(6) == 0) text = Damaged(text);
        if (random.Next(4) == 0) text = $" \t{text}\n";
        return (text, isGood);
    }

    /// <summary>Bytes of such a text, at times with some of them changed.</summary>
    public byte[] Bytes(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (random.Next(3) == 0)
            for (int i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(10) == 0 ? [0xEF, 0xBB, 0xBF, .. bytes] : bytes;
    }

    /// <summary>Replaces, drops, doubles or cuts a part of a text.</summary>
    public string Damaged(string text)
    {
        isGood = false; // Perhaps it is still, and then that is welcome.
        if (text.Length == 0) return "{";
        int at = random.Next(text.Length), length = random.Next(1, Math.Min(20, text.Length - at + 1));
        return random.Next(5) switch
        {
            0 => text[..at],
            1 => text.Remove(at, length),
            2 => text.Insert(at, text.Substring(at, length)),
            3 => text.Insert(at, "{}[],:\"\\\0\ufeff/*'"[random.Next(13)].ToString()),
            _ => text + "{}[],:\"x"[random.Next(8)],
        };
    }

    /// <summary>Round about the depth at which the limit is.</summary>
    private string Nested(string text)
    {
        int levels = random.Next(55, 70);
        int depth = levels + DepthOf(text);
        if (depth > 64) isGood = false;
        bool isList = random.Next(2) == 0;
        return isList && levels > 1
            ? "{\"n\":" + new string('[', levels - 1) + text + new string(']', levels - 1) + "}"
            : string.Concat(Enumerable.Repeat("{\"n\":", levels)) + text + new string('}', levels);
    }

    private static int DepthOf(string text)
    {
        int depth = 0, most = 0;
        bool isText = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (isText && text[i] == '\\') i++;
            else if (text[i] == '"') isText = !isText;
            else if (!isText && text[i] is '{' or '[' && !isText) most = Math.Max(most, ++depth);
            else if (!isText && text[i] is '}' or ']' && !isText) depth--;
        }
        return most;
    }

    private string Members(int depth, bool spoil)
    {
        int count = random.Next(depth == 1 ? 5 : 4);
        var written = new StringBuilder("{");
        for (int i = 0; i < count; i++)
        {
            if (i > 0) written.Append(',');
            string key = string.Create(CultureInfo.InvariantCulture, $"k{i}");
            if (spoil && i > 0 && random.Next(6) == 0)
            {
                key = random.Next(2) == 0 ? "k0" : "\\u006b0";
                isGood = false;
            }
            else if (random.Next(6) == 0) key += Letters(spoil);
            written.Append(CultureInfo.InvariantCulture, $"\"{key}\":").Append(Value(depth, spoil));
        }
        return written.Append('}').ToString();
    }

    private string Value(int depth, bool spoil) => random.Next(depth < 6 ? 8 : 6) switch
    {
        0 => Number(spoil),
        1 => random.Next(3) switch { 0 => "true", 1 => "false", _ => "null" },
        2 or 3 => $"\"{Letters(spoil)}\"",
        4 => Number(spoil),
        5 => "[]",
        6 => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth + 1, spoil)))}]",
        _ => Members(depth + 1, spoil),
    };

    private string Number(bool spoil)
    {
        if (!spoil || random.Next(6) > 0) return GoodNumbers[random.Next(GoodNumbers.Length)];
        isGood = false;
        return BadNumbers[random.Next(BadNumbers.Length)];
    }

    private string Letters(bool spoil)
    {
        var letters = new StringBuilder();
        for (int i = random.Next(6); i > 0; i--)
        {
            if (spoil && random.Next(15) == 0)
            {
                letters.Append(BadEscapes[random.Next(BadEscapes.Length)]);
                isGood = false;
            }
            else
            {
                letters.Append(random.Next(4) switch
                {
                    0 => GoodEscapes[random.Next(GoodEscapes.Length)],
                    1 => JsonEncodedText.Encode(Hostile.Names[random.Next(Hostile.Names.Length)]).ToString(),
                    2 => ((char)random.Next(0xE000, 0xFFFE)).ToString(),
                    _ => ((char)random.Next('a', 'z')).ToString(),
                });
            }
        }
        return letters.ToString();
    }
}
