using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What a step says belongs to its try, and stays with the version that it made.</summary>
internal sealed class StreamVersionTests(StoreHost host) : StreamFixture(host)
{
    [Test]
    public async Task Tries_are_marked_and_what_the_committed_one_wrote_alone_stays()
    {
        RoostRuntime runtime = null!;
        var seen = new List<StreamPiece>();
        await using RoostRuntime roost = await OpenAsync(Retrying(Lazy), null, OneStep(async context =>
        {
            seen.AddRange((await runtime.ReadStreamAsync("it", Tokens)).Pieces);
            StepStream stream = context.OpenStream(Tokens);
            stream.Write($"try {context.Attempt};");
            if (context.Attempt < 3) throw new IOException("not yet");
        }));
        runtime = roost;

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        seen.Select(piece => (piece.Text, piece.Try, piece.IsCommitted)).Should()
            .Equal(("try 1;", 1, false), ("try 1;", 1, false), ("try 2;", 2, false));
        StreamPiece kept = (await roost.ReadStreamAsync("it", Tokens)).Pieces.Single();
        (kept.Text, kept.Try, kept.Offset, kept.IsCommitted).Should().Be(("try 3;", 3, 12, true), "no offset is used twice");
        (await InfoAsync(roost)).Should().BeEquivalentTo(new { End = 18L, KeptBytes = 6L, Begin = 12L });
        MustAgree(roost);
    }

    [Test]
    public async Task What_failed_tries_have_written_goes_even_where_the_one_that_commits_writes_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(Retrying(Lazy), null, OneStep(context =>
        {
            if (context.Attempt > 1) return Task.CompletedTask;
            context.OpenStream(Tokens).Write("dropped");
            throw new IOException("not yet");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        (await TextAsync(roost)).Should().BeEmpty();
        (await InfoAsync(roost)).Should().BeEquivalentTo(new { End = 7L, KeptBytes = 0L, Begin = 7L, LastAt = (DateTimeOffset?)null });
        MustAgree(roost);
    }

    [Test]
    public async Task What_a_dead_letter_has_written_last_stays_until_it_is_retried()
    {
        bool mended = false;
        await using RoostRuntime roost = await OpenAsync(Lazy with { MaxAttempts = 1 }, null, OneStep(context =>
        {
            context.OpenStream(Tokens).Write(mended ? "well" : "I was here");
            context.Report(0.5);
            return mended ? Task.CompletedTask : throw new IOException("broken");
        }));

        (await RunAsync(roost)).State.Should().Be(WorkState.Failed);
        (await TextAsync(roost)).Should().Be("I was here");
        (await roost.GetAsync("it")).Summary.Progress!.Fraction.Should().Be(0.5);
        mended = true;
        await roost.RetryAsync("it");
        (await roost.RunUntilDoneAsync("it").Soon()).State.Should().Be(WorkState.Done);

        (await TextAsync(roost)).Should().Be("well");
    }

    [Test]
    public async Task What_was_written_for_a_state_that_somebody_replaced_goes()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy with { MaxAttempts = 1 }, null, ScriptedEngine.From((state, context) =>
        {
            context.OpenStream(Tokens).Write($"{state}");
            return state == 0 ? throw new IOException("broken") : ScriptedEngine.Finish(state);
        }));
        await RunAsync(roost);

        await roost.RetryAsync("it", JsonEdit.From(5));
        await roost.RunUntilDoneAsync("it").Soon();

        (await TextAsync(roost)).Should().Be("5");
        MustAgree(roost);
    }

    [Test]
    public async Task What_a_step_says_after_its_lease_is_lost_is_not_written()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(async context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            if (context.Attempt + context.Interruptions > 1 || gate.Reached.IsCompleted)
            {
                stream.Write("again");
                return;
            }
            stream.Write("mine ");
            await stream.FlushAsync();
            await gate.PassAsync();
            stream.Write("no longer mine ");
            await stream.FlushAsync();
        }));
        Task<WorkSummary> run = RunAsync(roost);
        await gate.Reached;
        await roost.ReleaseLeaseAsync("it");
        gate.Open();

        (await run).State.Should().Be(WorkState.Done);

        (await TextAsync(roost)).Should().Be("again");
        MustAgree(roost);
    }

    [Test]
    public async Task A_stream_goes_on_from_step_to_step_and_its_versions_take_it_with_them()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy with { HistoryFirst = 2, HistoryLast = 3 }, null, ScriptedEngine.From((state, context) =>
        {
            context.OpenStream(Tokens).Write($"[{state}]");
            return state == 9 ? ScriptedEngine.Finish(10) : ScriptedEngine.GoOn(state + 1);
        }));

        await RunAsync(roost);

        IEnumerable<int> kept = (await roost.ListHistoryAsync("it")).Select(version => version.Version);
        IReadOnlyList<StreamPiece> pieces = (await roost.ReadStreamAsync("it", Tokens)).Pieces;
        pieces.Select(piece => piece.Version + 1).Should().Equal(kept.Where(version => version > 1), "a step from a version makes the next");
        string.Concat(pieces.Select(piece => piece.Text)).Should().Be("[0][7][8][9]");
        pieces.Select(piece => piece.Offset).Should().Equal(0, 21, 24, 27);
        MustAgree(roost);
    }

    [Test]
    public async Task What_a_step_has_said_and_recorded_goes_with_its_version_though_later_steps_say_and_record_nothing()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy with { HistoryFirst = 0, HistoryLast = 2 }, null, new ScriptedEngine(async (state, context) =>
        {
            if (state == 1)
            {
                context.OpenStream(Tokens).Write("said");
                await context.OnceAsync("call", _ => Task.FromResult(1));
            }
            return state == 9 ? ScriptedEngine.Finish(10) : ScriptedEngine.GoOn(state + 1, state == 4 ? TimeSpan.FromMilliseconds(1) : default);
        }));

        await RunAsync(roost);

        (await TextAsync(roost)).Should().BeEmpty();
        (await InfoAsync(roost)).Should().BeEquivalentTo(new { End = 4L, KeptBytes = 0L });
        (await roost.ListEffectsAsync("it")).Items.Should().BeEmpty();
        MustAgree(roost);
    }

    [Test]
    public async Task A_purge_takes_streams_and_progress_along()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy, TestRuntime.Clock(), OneStep(context =>
        {
            context.OpenStream(Tokens).Write("said");
            context.Report(1);
            return Task.CompletedTask;
        }));
        await RunAsync(roost);

        (await roost.PurgeAsync(new(TimeSpan.Zero))).Items.Should().Be(1);

        MustAgree(roost);
        await roost.Awaiting(it => it.ReadStreamAsync("it", Tokens)).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task What_is_said_while_nothing_can_be_written_is_written_afterwards_and_once()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Eager, null, OneStep(async context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            await gate.PassAsync();
            for (int n = 0; n < 200; n++) stream.Write($"{n},");
            await stream.FlushAsync();
        }));
        Task<WorkSummary> run = RunAsync(roost);
        await gate.Reached;
        using (Host.HoldWrites(roost))
        {
            gate.Open();
            await Task.Delay(50); // Several flush intervals; nothing is decided by it.
        }
        await run;

        (await TextAsync(roost)).Should().Be(string.Concat(Enumerable.Range(0, 200).Select(n => $"{n},")));
        MustAgree(roost);
    }

    [Test]
    public async Task What_waits_to_be_written_survives_a_commit_that_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(Retrying(Lazy), null, OneStep(context =>
        {
            context.OpenStream(Tokens).Write("told before it was refused");
            context.AddChild(new WorkItem("scripted") { Id = "taken" });
            return Task.CompletedTask;
        }));
        await roost.EnqueueAsync(new WorkItem("other") { Id = "taken" });

        (await RunAsync(roost)).State.Should().Be(WorkState.Failed, "another item has the id of its child");

        (await TextAsync(roost)).Should().Be("told before it was refused");
        MustAgree(roost);
    }
}
