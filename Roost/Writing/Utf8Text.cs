using System.Buffers;
using System.Globalization;
using System.Text;

namespace Roost.Writing;

/// <summary>Bytes that should be text in UTF-8: a byte-order mark is taken off, and any other encoding is refused by its name, with nothing replaced.</summary>
internal static class Utf8Text
{
    private const string Save = "Save it as UTF-8.";

    /// <summary>Longest first: UTF-32 begins as UTF-16 does.</summary>
    private static readonly (byte[] Mark, string Name)[] Marks =
    [
        ([0xFF, 0xFE, 0, 0], "UTF-32 (little-endian)"),
        ([0, 0, 0xFE, 0xFF], "UTF-32 (big-endian)"),
        ([0xFF, 0xFE], "UTF-16 (little-endian)"),
        ([0xFE, 0xFF], "UTF-16 (big-endian)"),
        ([0x1F, 0x8B], "compressed data (gzip)"),
        ([0x50, 0x4B, 3, 4], "a ZIP archive"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed data (Zstandard)"),
    ];

    /// <summary>The text without its mark.</summary>
    /// <param name="field">What it is for, as the message names it.</param>
    /// <param name="bytes">What was read.</param>
    /// <exception cref="InvalidInputException">It is no UTF-8; the message says what it seems to be and where.</exception>
    public static ReadOnlyMemory<byte> Checked(string field, ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> text = bytes.Span;
        if (text.StartsWith("\uFEFF"u8)) return Checked(field, bytes[3..]);
        foreach ((byte[] mark, string name) in Marks)
            if (text.StartsWith(mark))
                throw new InvalidInputException(
                    field,
                    $"is {name}, by its first bytes; it must be text in UTF-8. {(name.StartsWith("UTF", StringComparison.Ordinal) ? Save : "Unpack it.")}"
                );
        if (Zeros(text) is { } wide)
            throw new InvalidInputException(field, $"seems to be {wide} without a mark, by the zero bytes in it; it must be text in UTF-8. {Save}");
        int at = FirstWrong(text);
        if (at < 0) return bytes;
        int line = text[..at].Count((byte)'\n') + 1, column = at - text[..at].LastIndexOf((byte)'\n');
        throw new InvalidInputException(field, string.Create(CultureInfo.InvariantCulture,
            $"is no UTF-8: the byte 0x{text[at]:X2} at place {at:N0} (line {line:N0}, byte {column:N0}) is part of no character there. It may be Latin-1, " +
            $"Windows-1252 or another encoding of one byte a character. {Save}"));
    }

    private static string? Zeros(ReadOnlySpan<byte> text) => text switch
    {
        [0, 0, 0, not 0, ..] => "UTF-32 (big-endian)",
        [not 0, 0, 0, 0, ..] => "UTF-32 (little-endian)",
        [0, not 0, ..] => "UTF-16 (big-endian)",
        [not 0, 0, ..] => "UTF-16 (little-endian)",
        _ => null,
    };

    private static int FirstWrong(ReadOnlySpan<byte> text)
    {
        if (System.Text.Unicode.Utf8.IsValid(text)) return -1;
        int at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out int length) == OperationStatus.Done) at += length;
        return at;
    }
}
