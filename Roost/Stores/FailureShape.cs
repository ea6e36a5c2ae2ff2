using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Roost.Stores;

/// <summary>What messages that fail alike have in common: all but the numbers, ids and other words with digits in them.</summary>
internal static class FailureShape
{
    /// <summary>Messages that are alike so far are taken as alike.</summary>
    private const int Most = 500;

    /// <summary>The key of a group of dead letters: of one engine, for one reason, by one type, with messages of one shape.</summary>
    public static long KeyOf(string engine, string reason, string? type, string message)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{engine}\0{reason}\0{type}\0{Of(message)}"));
        return BinaryPrimitives.ReadInt64BigEndian(hash);
    }

    /// <summary>
    /// The message with each word that has a digit in it as <c>#</c>, a point or a comma between two such words being a part of them. In one pass over
    /// the text: nothing in it makes this slow.
    /// </summary>
    public static string Of(string message)
    {
        var shape = new StringBuilder(Math.Min(message.Length, Most));
        bool afterNumber = false;
        for (int i = 0; i < message.Length && shape.Length < Most;)
        {
            bool goesOn = afterNumber && message[i] is ('.' or ',') && i + 1 < message.Length && char.IsDigit(message[i + 1]);
            int end = EndOfWord(message, goesOn ? i + 1 : i, out bool hasDigit);
            if (goesOn)
            {
                i = end;
                continue;
            }
            if (end == i) shape.Append(message[end++]);
            else if (hasDigit) shape.Append('#');
            else shape.Append(message, i, Math.Min(end - i, Most - shape.Length));
            afterNumber = hasDigit;
            i = end;
        }
        return shape.ToString();
    }

    private static int EndOfWord(string text, int start, out bool hasDigit)
    {
        int end = start;
        hasDigit = false;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '-' or '_'))
        {
            hasDigit |= char.IsDigit(text[end]);
            end++;
        }
        return end;
    }
}
