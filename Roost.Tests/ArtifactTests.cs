using System.Security.Cryptography;
using Roost.Storage;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class ArtifactTests
{
    private const int Chunk = BlobTable.ChunkBytes;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Chunk - 1)]
    [TestCase(Chunk)]
    [TestCase(Chunk + 1)]
    [TestCase(3 * Chunk)]
    public async Task Content_comes_back_as_it_was(int size)
    {
        byte[] content = Bytes(size);
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            await context.AddArtifactAsync("streamed.bin", new MemoryStream(content));
            context.AddArtifactBytes("memory.bin", content);
        }));
        string id = await RunAsync(roost);

        (await roost.ReadArtifactAsync(id, "streamed.bin")).Should().Equal(content);
        (await roost.ReadArtifactAsync(id, "memory.bin")).Should().Equal(content);
        (await roost.GetArtifactsAsync(id)).Should().AllSatisfy(artifact =>
        {
            artifact.Size.Should().Be(size);
            artifact.Sha256.Should().Be(Convert.ToHexStringLower(SHA256.HashData(content)));
        });
    }

    [Test]
    public async Task The_same_content_is_stored_once_within_an_item_and_across_items()
    {
        byte[] content = Bytes(Chunk + 5);
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            context.AddArtifactBytes("a.bin", content);
            await context.AddArtifactAsync("b.bin", new MemoryStream(content));
            await context.AddArtifactAsync("c.bin", new MemoryStream(content));
        }));
        await RunAsync(roost);
        await RunAsync(roost);

        roost.Number("SELECT count(*) FROM artifact").Should().Be(6);
        roost.Number("SELECT count(*) FROM blob").Should().Be(1);
        roost.Number("SELECT count(*) FROM blob_chunk").Should().Be(2);
        roost.Number("SELECT count(*) FROM blob_pin").Should().Be(0);
    }

    [Test]
    public async Task A_name_is_given_once_in_a_step_and_the_refused_upload_leaves_nothing()
    {
        InvalidInputException? bytes = null, stream = null;
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            context.AddArtifactText("a.txt", "first");
            bytes = Assert.Throws<InvalidInputException>(() => context.AddArtifactText("a.txt", "second"));
            var content = new ObservedStream(10, _ => Task.CompletedTask);
            stream = await ThrownByAsync<InvalidInputException>(() => context.AddArtifactAsync("a.txt", content));
            content.Reads.Should().Be(0, "a name that is taken is refused before anything is read");
            await Task.WhenAll(Ignoring(context.AddArtifactAsync("b.bin", new MemoryStream(Bytes(3, 1)))), Ignoring(context.AddArtifactAsync("b.bin", new MemoryStream(Bytes(3, 2)))));
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);

        bytes!.Field.Should().Be("artifact name");
        stream!.Message.Should().Contain("a.txt");
        roost.Number("SELECT count(*) FROM artifact").Should().Be(2);
        roost.Number("SELECT count(*) FROM blob").Should().Be(2, "the second b.bin was dropped again");
        roost.Number("SELECT count(*) FROM blob_pin").Should().Be(0);
    }

    [Test]
    public async Task The_same_name_in_a_later_step_is_a_new_version_beside_the_old()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactText("log.txt", $"step {state}");
            return state == 2 ? ScriptedEngine.Finish(state) : ScriptedEngine.GoOn(state + 1);
        }));
        string id = await RunAsync(roost);

        (await roost.GetArtifactsAsync(id)).Select(artifact => artifact.Version).Should().Equal(2, 3, 4);
        (await TextAsync(roost, id, "log.txt")).Should().Be("step 2");
        (await TextAsync(roost, id, "log.txt", 3)).Should().Be("step 1");
    }

    [Test]
    public async Task A_step_that_fails_for_good_again_after_a_retry_may_attach_the_same_name_again()
    {
        int tries = 0;
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((_, context) =>
        {
            context.AddArtifactText("why.txt", $"try {++tries}");
            return ScriptedEngine.GiveUp("no");
        }));
        string id = await RunAsync(roost);
        await roost.RetryAsync(id);
        await roost.RunUntilDoneAsync(id);

        (await TextAsync(roost, id, "why.txt")).Should().Be("try 2");
        (await roost.GetArtifactsAsync(id)).Should().HaveCount(2);
    }

    [Test]
    public async Task A_failed_step_leaves_no_content()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            context.AddArtifactText("memory.txt", "x");
            await context.AddArtifactAsync("streamed.bin", new MemoryStream(Bytes(Chunk + 1)));
            throw new InvalidOperationException("no");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { MaxAttempts = 1 });
        await StepToEndAsync(roost);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Failed);
        (await roost.GetArtifactsAsync(id)).Should().BeEmpty();
        roost.ContentRows().Should().Be(0);
    }

    [Test]
    public async Task An_upload_whose_stream_throws_leaves_nothing_and_the_step_may_go_on()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => ThrownByAsync<IOException>(() =>
            context.AddArtifactAsync("broken.bin", new ObservedStream(3 * Chunk, n => n == 2 ? throw new IOException("gone") : Task.CompletedTask)))));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Done);
        roost.ContentRows().Should().Be(0);
    }

    [Test]
    public async Task An_upload_that_is_cancelled_leaves_nothing()
    {
        var reading = new TaskCompletionSource();
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("slow.bin", new ObservedStream(3 * Chunk, async n =>
        {
            if (n < 2) return;
            reading.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }))));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task ended = StepToEndAsync(roost);
        await Safely(reading.Task);
        roost.ContentRows().Should().BeGreaterThan(0, "the upload is under way");
        await roost.CancelAsync(id);
        await Safely(ended);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Cancelled);
        roost.ContentRows().Should().Be(0);
    }

    [Test]
    public async Task What_a_displaced_step_has_uploaded_is_dropped_when_its_commit_is_refused()
    {
        var uploaded = new TaskCompletionSource();
        var displaced = new TaskCompletionSource();
        await using RoostRuntime roost = TestRuntime.Create(null, Once(async context =>
        {
            await context.AddArtifactAsync("late.bin", new MemoryStream(Bytes(Chunk + 1)));
            uploaded.TrySetResult();
            await Safely(displaced.Task);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.StepOnceAsync();
        Task<WorkSummary?> step = roost.StepOnceAsync();
        await Safely(uploaded.Task);
        await roost.ReleaseLeaseAsync(id);
        displaced.SetResult();
        WorkSummary? after = await Safely(step);

        after!.State.Should().Be(WorkState.Queued);
        roost.ContentRows().Should().Be(0, "the worker is still there, so that nothing but the refused commit can have dropped it");
    }

    [Test]
    public async Task An_upload_of_a_worker_that_is_declared_dead_is_collected_and_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        using var writer = new Writer(roost.Path, roost.Options, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        long worker = await writer.RunAsync(session => session.Leases.Register(new("w", 1, "here", "none", 30_000, 1, [], [])));
        var store = new ArtifactStore(writer);
        var content = new ObservedStream(3 * Chunk, n => n < 2 ? Task.CompletedTask : writer.RunAsync(session => session.Leases.Rescue(session.Workers.OthersThan(0).Single(), _ => 0)));

        await ThrownByAsync<ConflictException>(() => store.UploadAsync(worker, content, CancellationToken.None));
        await ThrownByAsync<ConflictException>(() => store.UploadAsync(worker, new MemoryStream(Bytes(5)), CancellationToken.None));

        roost.ContentRows().Should().Be(0, "nobody would ever collect what a worker that is gone has pinned");
    }

    [Test]
    public async Task A_step_that_has_ended_takes_nothing_more()
    {
        StepContext? kept = null;
        Task? upload = null;
        var go = new TaskCompletionSource();
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context =>
        {
            kept = context;
            upload = context.AddArtifactAsync("late.bin", new ObservedStream(Chunk + 1, n => n < 2 ? Task.CompletedTask : go.Task));
            return Task.CompletedTask;
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);
        go.SetResult();

        await ThrownByAsync<ConflictException>(() => upload!);
        Assert.Throws<ConflictException>(() => kept!.AddEvent("late"))!.Message.Should().Contain("has ended");
        Assert.Throws<ConflictException>(() => kept!.AddChild(new WorkItem("scripted")));
        roost.ContentRows().Should().Be(0);
    }

    [Test]
    public async Task A_flipped_bit_is_reported_and_its_chunk_not_returned()
    {
        byte[] content = Bytes(3 * Chunk);
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(content))));
        string id = await RunAsync(roost);
        roost.Execute("UPDATE blob_chunk SET data = CAST(x'FF' || substr(data, 2) AS BLOB) WHERE n = 1");

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
        roost.Execute("UPDATE blob_chunk SET (data, sha256) = (SELECT data, sha256 FROM blob_chunk WHERE n = 0) WHERE n = 2");

        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");
        await stream.ReadExactlyAsync(new byte[2 * Chunk]);
        (await ThrownByAsync<DataCorruptException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask())).Message.Should().Contain("SHA-256");
        await ThrownByAsync<DataCorruptException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask());
    }

    [TestCase("DELETE FROM blob_chunk WHERE n = 1")]
    [TestCase("UPDATE blob_chunk SET data = substr(data, 2) WHERE n = 1")]
    [TestCase("UPDATE blob SET size = size - 1")]
    [TestCase("UPDATE blob SET size = 262144")]
    [TestCase("UPDATE blob SET size = 0")]
    [TestCase("UPDATE blob SET sha256 = zeroblob(32)")]
    public async Task Other_damage_is_reported_too(string damage)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(2 * Chunk)))));
        string id = await RunAsync(roost);
        roost.Execute(damage);

        await ThrownByAsync<DataCorruptException>(() => roost.ReadArtifactAsync(id, "a.bin"));
    }

    [Test]
    public async Task An_artifact_that_is_purged_while_it_is_read_is_said_to_be_gone()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(2 * Chunk)))));
        string id = await RunAsync(roost);
        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");
        await stream.ReadExactlyAsync(new byte[Chunk]);
        await roost.PurgeAsync(new(TimeSpan.Zero));

        (await ThrownByAsync<NotFoundException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask())).Message.Should().Contain("purged");
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
    public async Task A_stream_can_be_read_from_anywhere()
    {
        byte[] content = Bytes(2 * Chunk + 100);
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(content))));
        string id = await RunAsync(roost);
        await using Stream stream = await roost.OpenArtifactAsync(id, "a.bin");

        stream.Length.Should().Be(content.Length);
        foreach (int at in new[] { 2 * Chunk + 50, Chunk - 5, 0, Chunk, content.Length - 10 })
        {
            stream.Position = at;
            byte[] ten = new byte[10];
            stream.ReadExactly(ten);
            ten.Should().Equal(content[at..(at + 10)]);
        }
        stream.ReadByte().Should().Be(-1);
    }

    [Test]
    public async Task An_artifact_by_address_has_no_bytes_and_says_where_it_is()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context =>
        {
            context.AddArtifactUri("page.html", new Uri("https://example.com/page"));
            return Task.CompletedTask;
        }));
        string id = await RunAsync(roost);

        Artifact artifact = (await roost.GetArtifactsAsync(id)).Single();
        (artifact.Size, artifact.Sha256, artifact.Uri).Should().Be((null, null, "https://example.com/page"));
        (await ThrownByAsync<ConflictException>(() => roost.OpenArtifactAsync(id, "page.html"))).Message.Should().Contain("https://example.com/page");
    }

    [Test]
    public async Task Kind_media_type_extension_and_metadata_are_told_or_given()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context =>
        {
            context.AddArtifact("Report.JSON", new { a = 1 });
            context.AddArtifactText("change.patch", "+");
            context.AddArtifactText("plain", "x", new() { Kind = ArtifactKind.Log, MediaType = "text/x-log", Metadata = new { lines = 1 } });
            Assert.Throws<InvalidInputException>(() => context.AddArtifactText("odd", "x", new() { Kind = (ArtifactKind)99 }));
            return Task.CompletedTask;
        }));
        string id = await RunAsync(roost);

        IReadOnlyList<Artifact> found = await roost.GetArtifactsAsync(id);
        found.Select(a => (a.Name, a.Kind, a.MediaType, a.Extension)).Should().Equal(
            ("Report.JSON", ArtifactKind.Json, "application/json", ".json"),
            ("change.patch", ArtifactKind.Patch, "text/plain", ".patch"),
            ("plain", ArtifactKind.Log, "text/x-log", ""));
        found[2].Metadata!.Value.GetProperty("lines").GetInt32().Should().Be(1);
        found[0].Metadata.Should().BeNull();
    }

    [Test]
    public async Task What_is_not_there_is_said_with_what_is()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context =>
        {
            context.AddArtifactText("a.txt", "x");
            return Task.CompletedTask;
        }));
        string id = await RunAsync(roost);

        await ThrownByAsync<NotFoundException>(() => roost.GetArtifactsAsync("nobody"));
        await ThrownByAsync<NotFoundException>(() => roost.OpenArtifactAsync("nobody", "a.txt"));
        (await ThrownByAsync<NotFoundException>(() => roost.OpenArtifactAsync(id, "b.txt"))).Message.Should().Contain("\"a.txt\"");
        (await ThrownByAsync<NotFoundException>(() => roost.OpenArtifactAsync(id, "a.txt", 9))).Message.Should().Contain("version 9").And.Contain("2");
    }

    [Test]
    public async Task An_artifact_too_large_for_memory_is_refused_with_the_call_that_streams_it()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Once(context => context.AddArtifactAsync("a.bin", new MemoryStream(Bytes(1)))));
        string id = await RunAsync(roost);
        roost.Execute("UPDATE blob SET size = 268435457");

        (await ThrownByAsync<ConflictException>(() => roost.ReadArtifactAsync(id, "a.bin"))).Message.Should().Contain("OpenArtifactAsync");
    }

    private static ScriptedEngine Once(Func<StepContext, Task> step) => new(async (state, context) =>
    {
        await step(context);
        return ScriptedEngine.Finish(state);
    });

    private static async Task<string> RunAsync(RoostRuntime roost)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilDoneAsync(id);
        return id;
    }

    /// <summary>Steps without ever leaving the loop, so that a worker's leaving cannot tidy up what its steps should have.</summary>
    private static async Task StepToEndAsync(RoostRuntime roost)
    {
        while (await Safely(roost.StepOnceAsync()) is { State: WorkState.Queued }) { }
    }

    private static async Task<string> TextAsync(RoostRuntime roost, string id, string name, int? version = null) =>
        System.Text.Encoding.UTF8.GetString(await roost.ReadArtifactAsync(id, name, version));

    private static byte[] Bytes(int size, int seed = 7)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task<T> ThrownByAsync<T>(Func<Task> action) where T : Exception => (await action.Should().ThrowAsync<T>()).Which;

    private static async Task Ignoring(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static Task Safely(Task task) => task.WaitAsync(TimeSpan.FromSeconds(60));

    private static Task<T> Safely<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Content that is made as it is read, and lets the test in before each read (counted from 1).</summary>
    private sealed class ObservedStream(long size, Func<int, Task> before) : Stream
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
}
