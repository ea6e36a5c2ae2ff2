using System.Text;

namespace Roost.Tests.Support;

/// <summary>What the artifacts of <see cref="ChildEngine"/> hold: each says whose it is, and can be made again to be compared byte by byte.</summary>
internal static class ChildContent
{
    /// <summary>The same for all who attach it, so that it is stored once and must outlive whoever is purged; of more than one chunk.</summary>
    public static byte[] Shared { get; } = Filled("shared", 300_000);

    public static byte[] Small(string id, int version, string nonce) => Encoding.UTF8.GetBytes($"{id} {version} {nonce}");

    /// <summary>Of two or three chunks.</summary>
    public static byte[] Large(string id, int version, string nonce) => Filled($"{id} {version} {nonce}", 300_000 + version * 20_000);

    /// <summary>A stream that comes in pieces with a wait between, so that a kill may meet it half-way.</summary>
    public static Stream Slow(byte[] content) => new SlowStream(content);

    private static byte[] Filled(string text, int length)
    {
        byte[] content = new byte[length];
        byte[] line = Encoding.UTF8.GetBytes(text + "\n");
        for (int at = 0, n = 0; at < length; at += line.Length, n++)
        {
            line.AsSpan(0, Math.Min(line.Length, length - at)).CopyTo(content.AsSpan(at));
            content[at] = (byte)n; // No two chunks alike: one in the place of another is seen.
        }
        return content;
    }

    private sealed class SlowStream(byte[] content) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(3, cancellationToken);
            return Read(buffer.Span[..Math.Min(buffer.Length, 100_000)]);
        }
    }
}
