using System.Text;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What a step says while it runs: read while it does, of this try or that, and kept with the version that it made.</summary>
internal sealed class StreamTests(StoreHost host) : ConformanceTests(host)
{
    private const string Tokens = "tokens";

    /// <summary>Nothing is written by a commit of its own within a test's time.</summary>
    private static RoostOptions Lazy => new() { StreamFlushInterval = TimeSpan.FromMinutes(1) };

    private static RoostOptions Eager => new() { StreamFlushInterval = TimeSpan.FromMilliseconds(10) };

    private static RoostOptions Retrying(RoostOptions options) => options with
    {
        MaxAttempts = 5,
        RetryBaseDelay = TimeSpan.FromMilliseconds(1),
        RetryMaxDelay = TimeSpan.FromMilliseconds(1),
    };

    private static ScriptedEngine OneStep(Func<StepContext, Task> step) => new(async (state, context) =>
    {
        await step(context);
        return ScriptedEngine.Finish(state + 1);
    });

    private static async Task<WorkSummary> RunAsync(RoostRuntime roost)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        return await roost.RunUntilDoneAsync(id).Soon();
    }

    private static async Task<string> TextAsync(RoostRuntime roost, string name = Tokens, long from = 0) =>
        string.Concat((await roost.ReadStreamAsync("it", name, from)).Pieces.Select(piece => piece.Text));

    private static async Task<StreamInfo> InfoAsync(RoostRuntime roost) => (await roost.ListStreamsAsync("it")).Items.Single();

    [Test]
    public async Task What_a_step_writes_is_read_while_it_runs_here_and_elsewhere()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Eager, null, OneStep(async context =>
        {
            await using StepStream stream = context.OpenStream(Tokens);
            stream.Write("one ");
            stream.Write("two ");
            context.Report(0.25, "two of eight");
            await gate.PassAsync();
            stream.Write("three");
        }));
        await using RoostRuntime other = await BesideAsync(roost);
        Task<WorkSummary> run = RunAsync(roost);
        await gate.Reached;

        foreach (RoostRuntime reader in new[] { roost, other })
        {
            await using IAsyncEnumerator<StreamPiece> pieces = reader.WatchStreamAsync("it", Tokens).GetAsyncEnumerator();
            (await pieces.MoveNextAsync().AsTask().Soon()).Should().BeTrue();
            StreamPiece piece = pieces.Current;
            (piece.Offset, piece.End, piece.Text, piece.Version, piece.Try, piece.IsCommitted).Should().Be((0, 8, "one two ", 1, 1, false));
            WorkProgress progress = (await reader.GetAsync("it")).Summary.Progress!;
            (progress.Fraction, progress.Text, progress.Version).Should().Be((0.25, "two of eight", 1));
        }
        gate.Open();
        await run;

        (await TextAsync(roost)).Should().Be("one two three");
        (await roost.ReadStreamAsync("it", Tokens)).Pieces.Should().OnlyContain(piece => piece.IsCommitted);
        MustAgree(roost);
    }

    [Test]
    public async Task Who_follows_is_given_every_piece_once_and_is_released_by_the_end()
    {
        const int Words = 2000;
        await using RoostRuntime roost = await OpenAsync(Eager, null, ScriptedEngine.From((state, context) =>
        {
            StepStream stream = context.OpenStream(Tokens);
            for (int n = 0; n < Words / 4; n++) stream.Write($"{(state * Words / 4) + n} ");
            return state == 3 ? ScriptedEngine.Finish(4) : ScriptedEngine.GoOn(state + 1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        Task<List<StreamPiece>> followed = Task.Run(async () =>
        {
            var all = new List<StreamPiece>();
            await foreach (StreamPiece piece in roost.WatchStreamAsync("it", Tokens)) all.Add(piece);
            return all;
        });

        await roost.RunUntilDoneAsync("it").Soon();
        List<StreamPiece> pieces = await followed.Soon();

        string.Concat(pieces.Select(piece => piece.Text)).Should().Be(string.Concat(Enumerable.Range(0, Words).Select(n => $"{n} ")));
        pieces.Zip(pieces.Skip(1)).Should().OnlyContain(pair => pair.First.End == pair.Second.Offset);
        (await InfoAsync(roost)).Should().BeEquivalentTo(new { Name = Tokens, pieces[^1].End, KeptBytes = pieces[^1].End, Begin = 0L });
    }

    [Test]
    public async Task Nothing_is_committed_for_a_piece_alone_within_the_flush_interval()
    {
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(async context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            stream.Write("before ");
            await gate.PassAsync();
            stream.Write("flushed ");
            await stream.FlushAsync();
            context.Item.Id.Should().Be("it");
            (await TextAsync(context)).Should().Be("before flushed ");
            stream.Write("with the end");
        }));
        runtime = roost;
        Task<WorkSummary> run = RunAsync(roost);
        await gate.Reached;

        (await TextAsync(roost)).Should().BeEmpty();
        gate.Open();
        await run;

        (await TextAsync(roost)).Should().Be("before flushed with the end");
    }

    private RoostRuntime runtime = null!;

    private Task<string> TextAsync(StepContext context) => TextAsync(runtime);

    [Test]
    public async Task Tries_are_marked_and_what_the_committed_one_wrote_alone_stays()
    {
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
    public async Task Half_a_letter_that_the_step_leaves_behind_is_told_as_one_that_is_not_known()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(context =>
        {
            context.OpenStream(Tokens).Write("abc\ud83d");
            context.OpenStream("half").Write("\ud83d");
            return Task.CompletedTask;
        }));
        await RunAsync(roost);

        (await TextAsync(roost)).Should().Be("abc\ufffd");
        (await TextAsync(roost, "half")).Should().Be("\ufffd");
    }

    [Test]
    public async Task A_piece_has_the_time_at_which_the_last_of_it_was_stored()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(Lazy, clock, OneStep(async context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            foreach (string word in (string[])["one ", "two"])
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                stream.Write(word);
                await stream.FlushAsync();
            }
            clock.Advance(TimeSpan.FromSeconds(1));
        }));
        await RunAsync(roost);

        (await roost.ReadStreamAsync("it", Tokens)).Pieces.Should().ContainSingle().Which.At.Should().Be(TestRuntime.Start.AddSeconds(2));
        (await InfoAsync(roost)).LastAt.Should().Be(TestRuntime.Start.AddSeconds(2));
    }

    [Test]
    public async Task A_stream_is_bounded_and_its_watermark_says_from_where_it_is_kept()
    {
        const int Most = 64 * 1024;
        string line = new('x', 99);
        await using RoostRuntime roost = await OpenAsync(Lazy with { MaxStreamBytes = Most }, null, OneStep(async context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            for (int n = 0; n < 3000; n++)
            {
                stream.WriteLine(line);
                if (n % 500 == 0) await stream.FlushAsync();
            }
            for (int n = 0; n < 3000; n++) stream.Write("ä"); // Two bytes each; a letter is not torn where the oldest is given up.
        }));

        await RunAsync(roost);

        StreamInfo info = await InfoAsync(roost);
        info.End.Should().Be(300_000 + 6000);
        info.KeptBytes.Should().BeInRange(Most / 2, Most);
        IReadOnlyList<StreamPiece> pieces = (await roost.ReadStreamAsync("it", Tokens)).Pieces;
        (pieces[0].Offset, pieces[^1].End).Should().Be((info.Begin, info.End));
        pieces.Sum(piece => Encoding.UTF8.GetByteCount(piece.Text)).Should().Be((int)info.KeptBytes);
        string.Concat(pieces.Select(piece => piece.Text)).Should().EndWith(new string('ä', 3000)).And.NotContain("\ufffd");
        MustAgree(roost);
    }

    [Test]
    public async Task It_is_read_from_any_offset()
    {
        const string Text = "aä€😀z";
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            foreach (char half in Text) stream.Write(half.ToString()); // The two halves of a letter come one by one.
            return Task.CompletedTask;
        }));
        await RunAsync(roost);

        byte[] all = Encoding.UTF8.GetBytes(Text);
        for (int from = 0; from <= all.Length + 1; from++)
        {
            int begin = Math.Min(from, all.Length);
            while (begin < all.Length && (all[begin] & 0xC0) == 0x80) begin++;
            (await TextAsync(roost, from: from)).Should().Be(Encoding.UTF8.GetString(all[begin..]), $"from {from}");
        }
        StreamPage end = await roost.ReadStreamAsync("it", Tokens, all.Length);
        (end.Pieces.Count, end.Next, end.HasMore, end.IsOver).Should().Be((0, all.Length, false, true));
    }

    [Test]
    public async Task A_long_stream_is_read_page_by_page()
    {
        string part = new('p', 100_000);
        await using RoostRuntime roost = await OpenAsync(Lazy with { MaxStreamBytes = 8 * 1024 * 1024 }, null, OneStep(context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            for (int n = 0; n < 35; n++) stream.Write(part);
            return Task.CompletedTask;
        }));
        await RunAsync(roost);

        var pages = new List<StreamPage>();
        do pages.Add(await roost.ReadStreamAsync("it", Tokens, pages.LastOrDefault()?.Next ?? 0));
        while (pages[^1].HasMore);

        pages.Should().HaveCountGreaterThan(2);
        pages.Sum(page => page.Pieces.Sum(piece => piece.Text.Length)).Should().Be(3_500_000);
        pages.Should().OnlyContain(page => page.Pieces.Sum(piece => piece.Text.Length) <= 1024 * 1024 + 16 * 1024);
    }

    [Test]
    public async Task Streams_of_several_names_and_writers_keep_apart()
    {
        await using RoostRuntime roost = await OpenAsync(Eager, null, OneStep(context => Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() =>
        {
            StepStream own = context.OpenStream($"own {writer}"), shared = context.OpenStream("shared");
            for (int n = 0; n < 500; n++)
            {
                own.Write($"{n},");
                shared.WriteLine($"{writer}:{n}");
            }
        })))));

        await RunAsync(roost);

        for (int writer = 0; writer < 8; writer++)
            (await TextAsync(roost, $"own {writer}")).Should().Be(string.Concat(Enumerable.Range(0, 500).Select(n => $"{n},")));
        string[] lines = (await TextAsync(roost, "shared")).TrimEnd('\n').Split('\n');
        lines.Should().HaveCount(4000).And.OnlyHaveUniqueItems();
        foreach (IGrouping<string, string> writer in lines.GroupBy(line => line.Split(':')[0]))
            writer.Select(line => int.Parse(line.Split(':')[1])).Should().BeInAscendingOrder();
        Page<StreamInfo> first = await roost.ListStreamsAsync("it", limit: 5);
        Page<StreamInfo> second = await roost.ListStreamsAsync("it", limit: 5, first.Next);
        first.Items.Concat(second.Items).Select(stream => stream.Name).Should().BeEquivalentTo(
            [.. Enumerable.Range(0, 8).Select(writer => $"own {writer}"), "shared"]);
        second.Next.Should().BeNull();
    }

    [Test]
    public async Task Progress_is_what_was_said_last_and_lasts_over_steps()
    {
        await using RoostRuntime roost = await OpenAsync(Lazy, null, ScriptedEngine.From((state, context) =>
        {
            if (state == 0)
            {
                context.Report(0.1);
                context.Report("warming up");
                context.Report(0.4, "page 12 of 30");
            }
            return state == 1 ? ScriptedEngine.Finish(2) : ScriptedEngine.GoOn(state + 1);
        }));

        await RunAsync(roost);

        WorkProgress expected = new() { Fraction = 0.4, Text = "page 12 of 30", Version = 1, At = (await roost.GetAsync("it")).Summary.Progress!.At };
        (await roost.GetAsync("it")).Summary.Progress.Should().Be(expected);
        (await roost.ListAsync()).Items.Single().Progress.Should().Be(expected);
    }

    [TestCase(-0.01)]
    [TestCase(1.01)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public async Task A_fraction_is_from_0_to_1(double fraction) =>
        await RefusedAsync(context => context.Report(fraction), "fraction");

    [Test]
    public async Task Texts_of_progress_and_names_of_streams_have_their_rules()
    {
        await RefusedAsync(context => context.Report(0.5, ""), "text");
        await RefusedAsync(context => context.Report(new string('x', 1001)), "text");
        await RefusedAsync(context => context.Report("a\0b"), "text");
        await RefusedAsync(context => context.OpenStream(""), "name");
        await RefusedAsync(context => context.OpenStream(" x"), "name");
        await RefusedAsync(context =>
        {
            for (int n = 0; n < 64; n++) context.OpenStream($"{n}");
            context.Invoking(it => it.OpenStream("64")).Should().Throw<InvalidInputException>();
            context.OpenStream("63");
            context.OpenStream("64");
        }, "name");
    }

    /// <summary>Bad input is the step's fault, and would be in each try.</summary>
    private async Task RefusedAsync(Action<StepContext> say, string field)
    {
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(context =>
        {
            say(context);
            return Task.CompletedTask;
        }));
        WorkSummary item = await RunAsync(roost);
        (item.State, item.FailReason).Should().Be((WorkState.Failed, FailReasons.InvalidStep));
        item.Error.Should().Contain(field);
    }

    [Test]
    public async Task A_step_that_has_ended_says_nothing_more()
    {
        StepContext? ended = null;
        StepStream? open = null, closed = null;
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(async context =>
        {
            (ended, open, closed) = (context, context.OpenStream("open"), context.OpenStream("closed"));
            await closed.DisposeAsync();
            closed.Invoking(stream => stream.Write("x")).Should().Throw<ConflictException>().WithMessage("*closed*");
        }));
        (await RunAsync(roost)).State.Should().Be(WorkState.Done);

        await open!.Awaiting(stream => stream.FlushAsync()).Should().ThrowAsync<ConflictException>().WithMessage("*has ended*");
        open!.Invoking(stream => stream.Write("x")).Should().Throw<ConflictException>().WithMessage("*has ended*");
        ended!.Invoking(context => context.Report(1)).Should().Throw<ConflictException>().WithMessage("*has ended*");
        ended!.Invoking(context => context.OpenStream("late")).Should().Throw<ConflictException>().WithMessage("*has ended*");
    }

    [Test]
    public async Task Reads_refuse_what_they_cannot_mean()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions(), null);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });

        (await roost.ReadStreamAsync("it", "no such stream", 7)).Should().BeEquivalentTo(new { Next = 7L, HasMore = false, IsOver = false });
        await roost.Awaiting(it => it.ReadStreamAsync("it", Tokens, -1)).Should().ThrowAsync<InvalidInputException>();
        await roost.Awaiting(it => it.ReadStreamAsync("nobody", Tokens)).Should().ThrowAsync<NotFoundException>();
        await roost.Awaiting(it => it.ListStreamsAsync("nobody")).Should().ThrowAsync<NotFoundException>();
        await roost.Awaiting(it => it.ListStreamsAsync("it", 0)).Should().ThrowAsync<InvalidInputException>();
        await roost.Awaiting(it => it.ListStreamsAsync("it", 5, "nonsense")).Should().ThrowAsync<InvalidInputException>();
        roost.Invoking(it => it.WatchStreamAsync("it", Tokens, -1)).Should().Throw<InvalidInputException>();
    }

    [Test]
    public async Task Who_waits_for_a_stream_is_released_by_the_runtime_that_closes()
    {
        RoostRuntime roost = await OpenAsync(new RoostOptions(), null);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        IAsyncEnumerator<StreamPiece> pieces = roost.WatchStreamAsync("it", Tokens).GetAsyncEnumerator();
        Task<bool> next = pieces.MoveNextAsync().AsTask();

        await roost.DisposeAsync();

        await next.Awaiting(it => it.Soon()).Should().ThrowAsync<OperationCanceledException>();
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
