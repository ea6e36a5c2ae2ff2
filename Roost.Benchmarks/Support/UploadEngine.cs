
namespace Roost.Benchmarks;

internal sealed record Upload(long Bytes);

/// <summary>Attaches an artifact of so many bytes that no compression or deduplication makes smaller.</summary>
internal sealed class UploadEngine : Engine<Upload>
{
    public const string Name = "content.bin";

    public override string EngineId => "upload";

    protected override Upload Init(WorkItem item) => item.PayloadAs<Upload>();

    protected override async Task<Outcome> StepAsync(Upload state, StepContext context)
    {
        await using var content = new Noise(state.Bytes);
        await context.AddArtifactAsync(Name, content);
        return Done(state);
    }

    private sealed class Noise(long length) : Stream
    {
        private readonly Random random = new(1);
        private long left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int n = (int)Math.Min(buffer.Length, left);
            random.NextBytes(buffer[..n]);
            left -= n;
            return n;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
