using Roost.Tests.Support;
using static Roost.Tests.Support.Artifacts;

namespace Roost.Tests.Conformance;

/// <summary>What a step uploads and does not attach leaves nothing behind.</summary>
internal sealed class ArtifactUploadTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task A_name_is_given_once_in_a_step_and_the_refused_upload_leaves_nothing()
    {
        InvalidInputException? bytes = null, stream = null;
        await using RoostRuntime roost = await OpenAsync(null, Once(async context =>
        {
            context.AddArtifactText("a.txt", "first");
            bytes = Assert.Throws<InvalidInputException>(() => context.AddArtifactText("a.txt", "second"));
            var content = new ObservedStream(10, _ => Task.CompletedTask);
            stream = await ThrownByAsync<InvalidInputException>(() => context.AddArtifactAsync("a.txt", content));
            content.Reads.Should().Be(0, "a name that is taken is refused before anything is read");
            await Task.WhenAll(
                Ignoring(context.AddArtifactAsync("b.bin", new MemoryStream(Bytes(3, 1)))),
                Ignoring(context.AddArtifactAsync("b.bin", new MemoryStream(Bytes(3, 2)))));
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);

        bytes!.Field.Should().Be("name");
        stream!.Message.Should().Contain("a.txt");
        roost.ArtifactCount().Should().Be(2);
        Host.ContentOf(roost).Should().BeEquivalentTo(new { Contents = 2L, Uploads = 0L }, "the second b.bin was dropped again");
    }

    [Test]
    public async Task A_failed_step_leaves_no_content()
    {
        await using RoostRuntime roost = await OpenAsync(null, Once(async context =>
        {
            context.AddArtifactText("memory.txt", "x");
            await context.AddArtifactAsync("streamed.bin", new MemoryStream(Bytes(Chunk + 1)));
            throw new InvalidOperationException("no");
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { MaxAttempts = 1 });
        await StepToEndAsync(roost);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Failed);
        (await roost.ListArtifactsOfAsync(id)).Should().BeEmpty();
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }

    [Test]
    public async Task An_upload_whose_stream_throws_leaves_nothing_and_the_step_may_go_on()
    {
        await using RoostRuntime roost = await OpenAsync(null, Once(context => ThrownByAsync<IOException>(() =>
            context.AddArtifactAsync("broken.bin", new ObservedStream(3 * Chunk, n => n == 2 ? throw new IOException("gone") : Task.CompletedTask)))));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Done);
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }

    [Test]
    public async Task An_upload_that_is_cancelled_leaves_nothing()
    {
        var reading = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(null, Once(context => context.AddArtifactAsync("slow.bin", new ObservedStream(3 * Chunk, async n =>
        {
            if (n < 2) return;
            reading.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }))));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task ended = StepToEndAsync(roost);
        await Safely(reading.Task);
        Host.ContentOf(roost).Should().NotBe(default(StoredContent), "the upload is under way");
        await roost.CancelAsync(id);
        await Safely(ended);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Cancelled);
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }

    [Test]
    public async Task What_a_displaced_step_has_uploaded_is_dropped_when_its_commit_is_refused()
    {
        var uploaded = new TaskCompletionSource();
        var displaced = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(null, Once(async context =>
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
        Host.ContentOf(roost).Should().Be(default(StoredContent), "the worker is still there, so that nothing but the refused commit can have dropped it");
    }

    [Test]
    public async Task An_upload_of_a_worker_that_is_declared_dead_is_collected_and_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        using Ghost dead = await GhostAsync(roost), other = await GhostAsync(roost);
        bool isRescued = false;
        var content = new ObservedStream(3 * Chunk, async n =>
        {
            if (n < 2 || isRescued) return;
            isRescued = true;
            Host.ContentOf(roost).Should().NotBe(default(StoredContent), "some of it is there");
            await other.RescueAsync((await other.OthersAsync()).Single());
        });

        await ThrownByAsync<ConflictException>(() => roost.Store.UploadAsync(dead.Key, content, CancellationToken.None));
        await ThrownByAsync<ConflictException>(() => roost.Store.UploadAsync(dead.Key, new MemoryStream(Bytes(5)), CancellationToken.None));

        Host.ContentOf(roost).Should().Be(default(StoredContent), "nobody would ever collect what a worker that is gone has pinned");
    }

    [Test]
    public async Task A_step_that_has_ended_takes_nothing_more()
    {
        StepContext? kept = null;
        var log = new KeptLog();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { LoggerFactory = log }, null, Once(context =>
        {
            kept = context;
            return Task.CompletedTask;
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);

        await ThrownByAsync<ConflictException>(() => kept!.AddArtifactAsync("late.bin", new MemoryStream(Bytes(3))));
        log.Lines.Should().ContainSingle("nobody may have awaited it").Which.Should().Contain("late.bin").And.Contain("was not added");
        Assert.Throws<ConflictException>(() => kept!.AddEvent("late"))!.Message.Should().Contain("has ended");
        Assert.Throws<ConflictException>(() => kept!.AddChild(new WorkItem("scripted")));
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }

    [Test]
    public async Task A_step_that_returns_while_it_adds_an_artifact_fails_instead_of_losing_it()
    {
        Task? upload = null;
        var go = new TaskCompletionSource();
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 1 }, null, Once(context =>
        {
            upload = context.AddArtifactAsync("late.bin", new ObservedStream(Chunk + 1, n => n < 2 ? Task.CompletedTask : go.Task));
            return Task.CompletedTask;
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await StepToEndAsync(roost);
        go.SetResult();

        DeadLetter letter = await roost.GetDeadLetterAsync(id);
        letter.Failure.Message.Should().ContainAll("\"late.bin\"", "AddArtifactAsync", "await it");
        letter.Item.Version.Should().Be(1);
        await ThrownByAsync<ConflictException>(() => upload!);
        Host.ContentOf(roost).Should().Be(default(StoredContent));
    }
}
