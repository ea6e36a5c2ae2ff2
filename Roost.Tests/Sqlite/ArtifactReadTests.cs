using Roost.Sqlite.Files;
using Roost.Tests.Support;
using static Roost.Tests.Support.Artifacts;

namespace Roost.Tests;

/// <summary>Reading an artifact: at constant memory, without a transaction, and never a damaged byte.</summary>
[TestFixture, NonParallelizable] // It counts what the process allocates.
internal sealed class ArtifactReadTests
{
    [Test]
    public async Task A_flipped_bit_is_reported_and_its_chunk_not_returned()
    {
        byte[] content = Bytes(3 * Chunk);
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(content))));
        string id = await RunAsync(roost);
        roost.Execute("UPDATE roost_blob_chunk SET data = CAST(x'FF' || substr(data, 2) AS BLOB) WHERE n = 1");

        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");
        byte[] read = new byte[Chunk];
        await stream.ReadExactlyAsync(read);
        read.Should().Equal(content[..Chunk]);
        byte[] untouched = new byte[Chunk];
        (await ThrownByAsync<DataCorruptException>(() => stream.ReadExactlyAsync(untouched).AsTask())).Message.Should().Contain("chunk 1").And.Contain("a.bin");
        untouched.Should().OnlyContain(b => b == 0);
        Assert.Throws<DataCorruptException>(() => stream.ReadByte());
    }

    [Test]
    public async Task Chunks_that_are_whole_but_not_those_of_the_artifact_are_reported_before_the_last_is_returned()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(3 * Chunk)))));
        string id = await RunAsync(roost);
        roost.Execute("UPDATE roost_blob_chunk SET (data, sha256) = (SELECT data, sha256 FROM roost_blob_chunk WHERE n = 0) WHERE n = 2");

        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");
        await stream.ReadExactlyAsync(new byte[2 * Chunk]);
        (await ThrownByAsync<DataCorruptException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask())).Message.Should().Contain("SHA-256");
        await ThrownByAsync<DataCorruptException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask());
    }

    [TestCase("DELETE FROM roost_blob_chunk WHERE n = 1")]
    [TestCase("UPDATE roost_blob_chunk SET data = substr(data, 2) WHERE n = 1")]
    [TestCase("UPDATE roost_blob SET size = size - 1")]
    [TestCase("UPDATE roost_blob SET size = 262144")]
    [TestCase("UPDATE roost_blob SET size = 0")]
    [TestCase("UPDATE roost_blob SET sha256 = zeroblob(32)")]
    public async Task Other_damage_is_reported_too(string damage)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(2 * Chunk)))));
        string id = await RunAsync(roost);
        roost.Execute(damage);

        await ThrownByAsync<DataCorruptException>(() => roost.ReadArtifactAsync(id, "a.bin"));
    }

    [Test]
    public async Task An_open_stream_keeps_no_transaction()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(3 * Chunk)))));
        string id = await RunAsync(roost);
        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");
        await stream.ReadExactlyAsync(new byte[Chunk + 1]);
        await roost.EnqueueAsync(new WorkItem("scripted"));

        using var connection = Database.OpenForWriting(roost.Path, roost.Options);
        Database.Scalar(connection, "PRAGMA wal_checkpoint(TRUNCATE)").Should().Be(0L, "a reader in the way would make it busy");
    }

    [Test]
    public async Task Large_content_goes_in_and_out_a_chunk_at_a_time()
    {
        const int size = 64 * 1024 * 1024;
        ObservedStream content = new(size, _ => Task.CompletedTask);
        long before = 0, written = 0;
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            before = GC.GetTotalAllocatedBytes();
            await context.AddArtifactAsync("large.bin", content);
            written = GC.GetTotalAllocatedBytes();
        }));
        string id = await RunAsync(roost);
        long readFrom = GC.GetTotalAllocatedBytes();
        await using Stream stream = await roost.OpenArtifactAsync(id, "large.bin");
        byte[] buffer = new byte[Chunk];
        long total = 0;
        for (int n; (n = await stream.ReadAsync(buffer)) > 0; total += n) { }

        total.Should().Be(size);
        content.LargestRead.Should().BeLessThanOrEqualTo(Chunk);
        (written - before).Should().BeLessThan(size / 8);
        (GC.GetTotalAllocatedBytes() - readFrom).Should().BeLessThan(size / 8);
    }

    [Test]
    public async Task An_artifact_too_large_for_memory_is_refused_with_the_call_that_streams_it()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(1)))));
        string id = await RunAsync(roost);
        roost.Execute("UPDATE roost_blob SET size = 268435457");

        (await ThrownByAsync<ConflictException>(() => roost.ReadArtifactAsync(id, "a.bin"))).Message.Should().Contain("OpenArtifactAsync");
    }

    [Test]
    public async Task The_chunks_of_the_same_content_are_stored_once()
    {
        byte[] content = Bytes(Chunk + 5);
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            context.AddArtifactBytes("a.bin", content);
            await context.AddArtifactAsync("b.bin", new MemoryStream(content));
        }));
        await RunAsync(roost);
        await RunAsync(roost);

        roost.Number("SELECT count(*) FROM roost_blob_chunk").Should().Be(2);
    }
}
