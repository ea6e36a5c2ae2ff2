using System.Text;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What a step says while it runs, read while it does, from any offset.</summary>
internal sealed class StreamTests(StoreHost host) : StreamFixture(host)
{
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
        RoostRuntime runtime = null!;
        var gate = new Gate();
        await using RoostRuntime roost = await OpenAsync(Lazy, null, OneStep(async context =>
        {
            StepStream stream = context.OpenStream(Tokens);
            stream.Write("before ");
            await gate.PassAsync();
            stream.Write("flushed ");
            await stream.FlushAsync();
            context.Item.Id.Should().Be("it");
            (await TextAsync(runtime)).Should().Be("before flushed ");
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
}
