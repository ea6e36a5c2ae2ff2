using System.Text.Json;
using CsCheck;
using Roost.AspNetCore;

namespace Roost.Tests.Web;

/// <summary>An item's events make one line of time, told apart by what the item did or waited for.</summary>
[TestFixture]
internal sealed class LifeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_step_after_a_delay_is_delayed_then_ready_then_runs() => Told(
        Facts(WorkState.Done, ended: 100),
        (0, EventKinds.Enqueued, null), (10, EventKinds.Claimed, new { worker = "w" }),
        (15, EventKinds.Stepped, new { version = 1, step = "init", delay_ms = 20_000 }),
        (40, EventKinds.Claimed, new { worker = "w" }), (100, EventKinds.Done, new { version = 2, step = "end" }))
        .Should().Equal("queued 0-10", "running 10-15 v1 init (ok)", "delayed 15-35", "ready 35-40", "running 40-100 done (ok)");

    [Test]
    public void Tries_that_failed_were_interrupted_or_asked_again_are_followed_by_their_backoff() => Told(
        Facts(WorkState.Failed, ended: 50),
        (0, EventKinds.Enqueued, null), (1, EventKinds.Claimed, null), (2, EventKinds.StepFailed, new { message = "no", backoff_ms = 3000 }),
        (7, EventKinds.Claimed, null), (8, EventKinds.RetryAfter, new { why = "busy", delay_ms = 2000 }), (10, EventKinds.Claimed, null),
        (12, EventKinds.Interrupted, new { interruptions = 1 }), (13, EventKinds.Claimed, null), (14, EventKinds.Interrupted, new { interruptions = 2 }),
        (20, EventKinds.Claimed, null), (21, EventKinds.Released, null), (22, EventKinds.Claimed, null), (50, EventKinds.Failed, new { message = "never" }))
        .Should().Equal(
            "queued 0-1", "running 1-2 step failed (bad)", "backoff 2-5", "ready 5-7", "running 7-8 retry after (released)", "backoff 8-10",
            "running 10-12 interrupted (bad)", "ready 12-13", "running 13-14 interrupted (bad)", "queued 14-20",
            "running 20-21 released (released)", "ready 21-22",
            "running 22-50 failed (bad)");

    [Test]
    public void What_the_events_tell_of_delays_and_busy_names_is_told_apart() => Told(
        Facts(WorkState.Done, ended: 60) with { HasResources = true },
        (0, EventKinds.Enqueued, new { delay_ms = 5000 }), (7, EventKinds.Blocked, new { on = "x" }), (20, EventKinds.Claimed, new { ready_ms = 3000 }),
        (21, EventKinds.Interrupted, new { interruptions = 2, backoff_ms = 4000 }), (30, EventKinds.Claimed, new { ready_ms = 5000 }),
        (31, EventKinds.Released, null), (40, EventKinds.Blocked, new { on = "x" }), (50, EventKinds.Claimed, new { ready_ms = 0 }),
        (60, EventKinds.Done, new { version = 1, step = "end" }))
        .Should().Equal(
            "delayed 0-5", "ready 5-7", "blocked 7-17", "ready 17-20", "running 20-21 interrupted (bad)", "backoff 21-25", "ready 25-30",
            "running 30-31 released (released)", "ready 31-40", "blocked 40-50", "running 50-60 done (ok)");

    [Test]
    public void Steps_under_one_lease_follow_each_other_and_the_last_reaches_to_now() => Told(
        Facts(WorkState.Running),
        (0, EventKinds.Enqueued, null), (1, EventKinds.Claimed, null), (2, EventKinds.Stepped, new { version = 1, step = "a" }),
        (4, EventKinds.Stepped, new { version = 2, step = "b" }))
        .Should().Equal("queued 0-1", "running 1-2 v1 a (ok)", "running 2-4 v2 b (ok)", "running 4-60 running (now) ...");

    [Test]
    public void A_wait_reaches_to_what_woke_it_or_to_now() => Told(
        Facts(WorkState.Waiting),
        (0, EventKinds.Enqueued, null), (1, EventKinds.Claimed, null), (2, EventKinds.Stepped, new { version = 1, step = "a" }),
        (2, EventKinds.Waiting, new { signals = new[] { "go" } }), (9, EventKinds.Woken, new { by = "signal" }), (10, EventKinds.Claimed, null),
        (11, EventKinds.Stepped, new { version = 2, step = "b" }), (11, EventKinds.Waiting, new { signals = Array.Empty<string>() }))
        .Should().Equal("queued 0-1", "running 1-2 v1 a (ok)", "waiting 2-9", "ready 9-10", "running 10-11 v2 b (ok)", "waiting 11-60 ...");

    [Test]
    public void Where_an_item_stands_now_tells_what_the_events_do_not()
    {
        Told(Facts(WorkState.Queued) with { IsDelayed = true }, (0, EventKinds.Enqueued, null)).Should().Equal("delayed 0-60 ...");
        Told(Facts(WorkState.Queued) with { ReadySince = At(0) }, (0, EventKinds.Enqueued, null)).Should().Equal("ready 0-60 ...");
        Told(Facts(WorkState.Queued) with { ReadySince = At(20) }, (0, EventKinds.Enqueued, null)).Should().Equal("delayed 0-20", "ready 20-60 ...");
        Told(Facts(WorkState.Queued) with { ReadySince = At(20), HasResources = true }, (0, EventKinds.Enqueued, null))
            .Should().Equal("queued 0-20", "ready 20-60 ...");
        Told(Facts(WorkState.Queued) with { IsBlocked = true, UpdatedAt = At(5), HasResources = true }, (0, EventKinds.Enqueued, null))
            .Should().Equal("queued 0-5", "blocked 5-60 ...");
        Told(
            Facts(WorkState.Queued) with { IsDelayed = true },
            (0, EventKinds.Enqueued, null), (1, EventKinds.Claimed, null), (2, EventKinds.StepFailed, new { backoff_ms = 900_000 }))
            .Should().Equal("queued 0-1", "running 1-2 step failed (bad)", "backoff 2-60 ...");
    }

    [Test]
    public void A_delay_that_somebody_has_ended_ends_there() => Told(
        Facts(WorkState.Done, ended: 9),
        (0, EventKinds.Enqueued, null), (1, EventKinds.Claimed, null), (2, EventKinds.Stepped, new { version = 1, step = "a", delay_ms = 600_000 }),
        (5, EventKinds.Requeued, null), (8, EventKinds.Claimed, null), (9, EventKinds.Done, null))
        .Should().Equal("queued 0-1", "running 1-2 v1 a (ok)", "delayed 2-5", "ready 5-8", "running 8-9 done (ok)");

    [Test]
    public void A_dead_letter_that_was_retried_was_one_until_then_and_ends_the_line_where_it_is_one_still()
    {
        (int, string, object?)[] failed = [(0, EventKinds.Enqueued, null), (1, EventKinds.Claimed, null), (2, EventKinds.Failed, null)];

        Told(Facts(WorkState.Failed, ended: 2), failed).Should().Equal("queued 0-1", "running 1-2 failed (bad)");
        Told(Facts(WorkState.Queued) with { ReadySince = At(30) }, [.. failed, (30, EventKinds.Retried, null)])
            .Should().Equal("queued 0-1", "running 1-2 failed (bad)", "deadletter 2-30", "ready 30-60 ...");
    }

    [Test]
    public void What_was_before_the_events_that_are_there_is_not_known()
    {
        Told(Facts(WorkState.Done, ended: 50), (40, EventKinds.Claimed, null), (50, EventKinds.Done, null))
            .Should().Equal("unknown 0-40", "running 40-50 done (ok)");
        Told(Facts(WorkState.Done, ended: 50), (50, EventKinds.Done, null)).Should().Equal("unknown 0-50 done (ok)");
        Told(Facts(WorkState.Running)).Should().Equal("unknown 0-60 ...");
        Told(Facts(WorkState.Done, ended: 50)).Should().Equal("unknown 0-50");
    }

    [Test]
    public void Whatever_the_events_are_the_segments_reach_from_creation_to_the_end_without_gap_or_overlap()
    {
        string[] kinds = [.. EventKinds.All, "engine.own"];
        Gen<WorkEvent> one = Gen.Select(Gen.Int[-5, 60], Gen.Int[0, kinds.Length - 1].Select(i => kinds[i]), Gen.Int[0, 5], (second, kind, n) => new WorkEvent
        {
            Sequence = 1,
            At = At(second),
            Kind = kind,
            Data = n switch
            {
                0 => null,
                1 => JsonSerializer.SerializeToElement(new { version = n, step = "s", delay_ms = 4000, backoff_ms = 3000, interruptions = 2 }),
                2 => JsonSerializer.SerializeToElement(new { delay_ms = long.MaxValue, backoff_ms = long.MinValue, interruptions = "x", signals = 1 }),
                3 => JsonSerializer.SerializeToElement(new { damaged = "x" }),
                4 => JsonSerializer.SerializeToElement(7),
                _ => JsonSerializer.SerializeToElement(new { by = "signal", worker = "w", why = "y" }),
            },
        });
        Gen<LifeFacts> facts = Gen.Select(
            Gen.Int[0, 5], Gen.Int[0, 60], Gen.Bool, Gen.Bool, (n, at, first, second) => FactsOf((WorkState)n, at, first, second));

        Gen.Select(one.List[0, 30], facts).Sample((events, known) =>
        {
            IReadOnlyList<LifeSegment> life = Life.Of(events, known, At(60));
            var rows = Timeline.Of(life);
            return life.Select((segment, i) => segment.From == (i == 0 ? Start : life[i - 1].To) && segment.To >= segment.From).All(so => so)
                && life.SkipLast(1).All(segment => !segment.IsOpen)
                && (life.Count == 0 || known.State.IsEnded() || !life[^1].IsOpen || life[^1].To >= At(60))
                && rows.All(row => row.Waited >= TimeSpan.Zero)
                && new LifeAxis(Start, At(60)).Draw(life).All(piece => piece.X >= 0 && piece.X + piece.Width <= 100.0001);
        }, iter: 3000);
    }

    [Test]
    public void What_is_too_narrow_to_be_seen_is_drawn_together_and_a_failed_try_among_it_stays_visible()
    {
        LifeSegment[] life =
        [
            new(LifeKind.Queued, At(0), At(1000)),
            .. Enumerable.Range(0, 100).Select(i =>
                new LifeSegment(LifeKind.Running, At(1000 + i), At(1001 + i)) { End = "x", Outcome = i == 50 ? "bad" : "ok" }),
            new(LifeKind.Waiting, At(1100), At(100_000), IsOpen: true),
        ];

        IReadOnlyList<LifePiece> pieces = new LifeAxis(At(0), At(100_000)).Draw(life);

        pieces.Should().HaveCount(3);
        (pieces[1].Kind, pieces[1].Outcome, pieces[1].Said).Should().Be((LifeKind.Running, "bad", "ran 1 min 40 s in 100 tries, 1 failed"));
        pieces[2].Said.Should().Be("waiting 1 d 3 h until now");
    }

    [Test]
    public void Effects_are_drawn_from_their_beginning_to_their_end_and_the_narrow_ones_of_a_place_together()
    {
        EffectInfo[] effects =
        [
            EffectOf("long", 10, 30), .. Enumerable.Range(1, 8).Select(i => EffectOf($"short#{i}", 1000, 1001)), EffectOf("open", 9000, null),
        ];

        IReadOnlyList<LifePiece> pieces = new LifeAxis(At(0), At(1000)).DrawInside(effects, At(9000));

        pieces.Select(piece => (piece.X, piece.Width)).Should().Equal((1, 2), (99.6, 0.4));
        pieces[0].Said.Should().Be("effect long: 20 s");
        pieces[1].Said.Should().StartWith("effect short#1: 1 s; effect short#2: 1 s; ").And.EndWith("effect short#6: 1 s; and 3 more");
        LifeAxis.InWords(effects, isAll: false).Should().Be("at least 10 effects, 1 unknown");
    }

    private static EffectInfo EffectOf(string path, int begun, int? ended) => new()
    {
        Name = path,
        Number = 1,
        Path = path,
        Version = 1,
        Key = path,
        State = ended is null ? EffectState.Unknown : EffectState.Recorded,
        BegunAt = At(begun),
        EndedAt = ended is { } end ? At(end) : null,
    };

    [Test]
    public void A_life_is_told_in_words() => LifeAxis.InWords([
        new(LifeKind.Queued, At(0), At(1)), new(LifeKind.Running, At(1), At(2)) { Outcome = "bad" }, new(LifeKind.Backoff, At(2), At(5)),
        new(LifeKind.Running, At(5), At(6)) { Outcome = "ok" }, new(LifeKind.Ready, At(6), At(6)),
    ]).Should().Be("ran 2 s in 2 tries, 1 failed, queued 1 s, backoff 3 s");

    private static LifeFacts FactsOf(WorkState state, int at, bool first, bool second) => new(Start, state)
    {
        UpdatedAt = At(at),
        EndedAt = state.IsEnded() ? At(at) : null,
        ReadySince = state == WorkState.Queued && first ? At(at) : null,
        IsDelayed = state == WorkState.Queued && !first && second,
        IsBlocked = state == WorkState.Queued && !first && !second,
        HasResources = second,
    };

    private static DateTimeOffset At(int second) => Start.AddSeconds(second);

    private static LifeFacts Facts(WorkState state, int? ended = null) => new(Start, state) { EndedAt = ended is { } at ? At(at) : null };

    private static List<string> Told(LifeFacts facts, params (int At, string Kind, object? Data)[] events)
    {
        WorkEvent[] all =
        [
            .. events.Select((one, i) => new WorkEvent
            {
                Sequence = i + 1,
                At = At(one.At),
                Kind = one.Kind,
                Data = one.Data is null ? null : JsonSerializer.SerializeToElement(one.Data),
            }),
        ];
        return [.. Life.Of(all, facts, At(60)).Select(one =>
            $"{one.Kind.ToString().ToLowerInvariant()} {(one.From - Start).TotalSeconds}-{(one.To - Start).TotalSeconds}" +
            $"{(one.End is null ? "" : $" {one.End} ({one.Outcome})")}{(one.IsOpen ? " ..." : "")}")];
    }
}
