using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>A picture of a screen, three bytes a pixel.</summary>
internal sealed class ScreenPicture
{
    private const int Channels = 3;

    private readonly int width, height;
    private readonly byte[] pixels;

    private ScreenPicture(int width, int height, byte[] pixels) => (this.width, this.height, this.pixels) = (width, height, pixels);

    public int Colours => pixels.Chunk(Channels).Select(pixel => (pixel[0], pixel[1], pixel[2])).Distinct().Count();

    /// <summary>As X dumps a window (XWD, version 7): a header of numbers that begin with the greatest byte, a table of colours, and rows of pixels.</summary>
    public static ScreenPicture Read(ReadOnlySpan<byte> dump)
    {
        (int width, int height, int bits, int rowBytes) = (Number(dump, 4), Number(dump, 5), Number(dump, 11), Number(dump, 12));
        if ((Number(dump, 1), bits, Number(dump, 7)) != (7, 32, 0))
            throw new InvalidDataException("This is no dump of 32 bits a pixel, the lowest byte first.");
        const int colourBytes = 12;
        ReadOnlySpan<byte> rows = dump[(Number(dump, 0) + Number(dump, 19) * colourBytes)..];
        var pixels = new byte[width * height * Channels];
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int channel = 0; channel < Channels; channel++)
                    pixels[(y * width + x) * Channels + channel] = rows[y * rowBytes + x * sizeof(int) + Channels - 1 - channel]; // Blue comes first.
        return new(width, height, pixels);
    }

    public byte[] ToPng()
    {
        var file = new MemoryStream();
        file.Write([0x89, .. "PNG\r\n\x1a\n"u8]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2); // Eight bits a channel, red, green and blue.
        Chunk(file, "IHDR", header);
        var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            foreach (byte[] row in pixels.Chunk(width * Channels)) zip.Write([0, .. row]); // 0: the row as it is.
        Chunk(file, "IDAT", packed.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, string kind, byte[] data)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(kind), .. data];
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(named);
        BinaryPrimitives.WriteUInt32BigEndian(number, Checksum(named));
        file.Write(number);
    }

    /// <summary>The CRC-32 that PNG asks for.</summary>
    private static uint Checksum(byte[] data)
    {
        uint sum = uint.MaxValue;
        foreach (byte one in data)
        {
            sum ^= one;
            for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ ((sum & 1) * 0xedb88320);
        }
        return ~sum;
    }

    private static int Number(ReadOnlySpan<byte> dump, int index) => BinaryPrimitives.ReadInt32BigEndian(dump[(index * sizeof(int))..]);
}
