
namespace Roost.Tests.Support;

/// <summary>Content that is made as it is read, and lets the test in before each read (counted from 1).</summary>
internal sealed class ObservedStream(long size, Func<int, Task> before) : Stream
{
    private long left = size;

    public int Reads { get; private set; }

    public int LargestRead { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await before(++Reads);
        LargestRead = Math.Max(LargestRead, buffer.Length);
        int n = (int)Math.Min(buffer.Length, left);
        buffer.Span[..n].Fill((byte)Reads);
        left -= n;
        return n;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
