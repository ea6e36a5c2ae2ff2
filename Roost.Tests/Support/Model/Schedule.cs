using Microsoft.Extensions.Time.Testing;
using Roost.Stores;

namespace Roost.Tests.Support;

/// <summary>
/// One schedule, drawn from its seed: a runtime or two and some ghosts on one file, whose clock passes, is set and sleeps, while items are
/// enqueued, stepped, failed, timed out, cancelled, retried and taken over. What the runtimes do between two acts is theirs; the acts are the
/// seed's. At the end everything has to be over, and every version that anybody was told of has to be in the file as it was.
/// </summary>
internal sealed class Schedule : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(6), Step = TimeSpan.FromMilliseconds(250);

    private readonly int seed;
    private readonly Random random;
    private readonly FakeTimeProvider clock = TestRuntime.Clock();
    private readonly SetClock wall;
    private readonly RoostRuntime first;
    private readonly List<RoostRuntime> runtimes = [];
    private readonly List<(CancellationTokenSource Stop, Task Loop)> loops = [];
    private readonly List<Hand> hands = [];
    private readonly List<string> ids = [];
    private readonly Told told = new();
    private TimeSpan furthest;
    private int states;

    /// <summary>A ghost, and the leases that it has had; it goes on believing in each until it has used it.</summary>
    private sealed record Hand(SqliteGhost Ghost, List<LeasedWork> Leases)
    {
        public bool IsDead { get; set; }
        public bool IsLost { get; set; }
    }

    public Schedule(int seed)
    {
        this.seed = seed;
        random = new(seed);
        wall = new(clock);
        first = RoostRuntime.CreateTemporary(new RoostOptions
        {
            TimeProvider = wall,
            LeaseTime = Lease,
            Concurrency = 4,
            MaxAttempts = 3,
            MaxInterruptions = 4,
            RetryMaxDelay = TimeSpan.FromSeconds(4),
            StepTimeoutGrace = TimeSpan.FromSeconds(1),
            DrainTime = TimeSpan.Zero,
            PollInterval = TimeSpan.FromMilliseconds(1),
        });
        runtimes.Add(first.AddEngine(Engine()));
        if (random.Next(2) == 0) runtimes.Add(TestRuntime.Beside(first, Engine()));
    }

    /// <summary>How many versions somebody was told of.</summary>
    public int Versions => told.Versions;

    /// <summary>How many commits were refused because their lease was lost.</summary>
    public int Refused => told.Refused;

    public async Task RunAsync()
    {
        int acts = random.Next(20, 50), start = random.Next(3) == 0 ? 0 : random.Next(acts); // Until the runtimes start, the ghosts are alone.
        for (int i = 0; i < acts; i++)
        {
            if (i == start) foreach (RoostRuntime runtime in runtimes) Start(runtime);
            await ActAsync();
            if (random.Next(3) == 0) await Task.Delay(1); // The loops get a moment; which of them uses it is not the seed's.
        }
        await EndAsync();
        MustBeRight();
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((CancellationTokenSource stop, _) in loops) await stop.CancelAsync();
        foreach (Hand hand in hands) hand.Ghost.Dispose();
        foreach (RoostRuntime beside in runtimes.Where(runtime => runtime != first)) await beside.DisposeAsync();
        await first.DisposeAsync();
        foreach ((CancellationTokenSource stop, _) in loops) stop.Dispose();
    }

    private Task ActAsync() => random.Next(27) switch
    {
        < 4 => PassAsync(TimeSpan.FromMilliseconds(random.Next(50, 2000))),
        4 => PassAsync(Lease * (random.NextDouble() + 0.5)),
        5 => SetAsync(TimeSpan.FromSeconds(random.Next(-3600, 3600) * random.Next(2))),
        6 => SleepAsync(TimeSpan.FromSeconds(random.Next(5, 120))),
        < 11 => EnqueueAsync(),
        11 => HauntAsync(),
        < 14 or > 23 => OnAGhost(async hand => hand.Leases.AddRange(await hand.Ghost.ClaimAsync(random.Next(1, 4)))),
        < 17 => OnALease(CommitAsync),
        17 => OnALease(async (hand, lease) =>
        {
            hand.Leases.Remove(lease);
            await hand.Ghost.FailAsync(lease, random.Next(4) == 0);
        }),
        18 => OnAGhost(hand => hand.Ghost.RenewAsync()),
        19 => OnAGhost(DieAsync),
        20 => RestartAsync(),
        _ => OperateAsync(),
    };

    /// <summary>In ticks or, now and then, at once.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        if (random.Next(4) == 0) clock.Advance(time);
        else
        {
            for (; time > TimeSpan.Zero; time -= Step)
            {
                clock.Advance(time < Step ? time : Step);
                if (random.Next(4) == 0) await Task.Delay(1);
            }
        }
    }

    private Task SetAsync(TimeSpan by)
    {
        wall.SetBy = by;
        if (by > furthest) furthest = by;
        return Task.CompletedTask;
    }

    /// <summary>The machine sleeps: the wall clock goes on, and the other one with it or not.</summary>
    private Task SleepAsync(TimeSpan time)
    {
        if (random.Next(2) == 0) return SetAsync(wall.SetBy + time);
        clock.Advance(time);
        return Task.CompletedTask;
    }

    private async Task EnqueueAsync()
    {
        string id = $"item-{ids.Count}";
        ids.Add(id);
        bool Sometimes(int oneIn) => random.Next(oneIn) == 0;
        await runtimes[random.Next(runtimes.Count)].EnqueueAsync(new WorkItem("scripted", new { steps = random.Next(1, 5) })
        {
            Id = id,
            Priority = random.Next(3),
            Delay = Sometimes(4) ? TimeSpan.FromMilliseconds(random.Next(8000)) : null,
            Deadline = Sometimes(4) ? wall.GetUtcNow() + TimeSpan.FromSeconds(random.Next(9, 60)) : null, // After the longest delay.
            Timeout = Sometimes(3) ? TimeSpan.FromMilliseconds(random.Next(500, 5000)) : null,
            Resources = Sometimes(3) ? [$"r{random.Next(2)}"] : [],
            ResourceHold = Sometimes(2) ? ResourceHold.Life : ResourceHold.Step,
        });
    }

    private async Task HauntAsync()
    {
        if (hands.Count < 4) hands.Add(new(await SqliteGhost.StartAsync(first, Engine()), []));
    }

    private async Task CommitAsync(Hand hand, LeasedWork lease)
    {
        int state = Interlocked.Increment(ref states), version = lease.Version + 1;
        OutcomeKind kind = random.Next(4) switch { 0 => OutcomeKind.Done, 1 when random.Next(3) == 0 => OutcomeKind.Fail, _ => OutcomeKind.Continue };
        // Tokens are never used again, so who was displaced stays so.
        bool displaced = first.Number("SELECT count(*) FROM roost_work WHERE id = $0 AND token = $1", lease.Item.Id, lease.Token) == 0;
        CommitResult result = await hand.Ghost.CommitAsync(
            lease,
            kind,
            state,
            kind == OutcomeKind.Continue && random.Next(3) == 0 ? random.Next(5000) : 0,
            keeps: random.Next(2) == 0
        );
        if (displaced)
            result.Should().Be(CommitResult.Lost, "nothing lands of one that was displaced");
        if (result == CommitResult.Lost)
            told.Refuse(lease.Item.Id, version, state);
        else
            told.Tell(lease.Item.Id, version, state);
        if (!result.IsKept)
            hand.Leases.Remove(lease);
    }

    /// <summary>Dead for good, or silent without a lock: that one may come back late.</summary>
    private Task DieAsync(Hand hand)
    {
        if (hand.IsLost) return Task.CompletedTask;
        hand.IsLost = random.Next(2) == 0;
        if (hand.IsLost) hand.Ghost.Vanish();
        else Kill(hand);
        return Task.CompletedTask;
    }

    private async Task RestartAsync()
    {
        if (loops.Count == 0) return;
        int i = random.Next(loops.Count);
        await loops[i].Stop.CancelAsync();
        await loops[i].Loop.Soon();
        loops[i].Stop.Dispose();
        loops.RemoveAt(i);
        RoostRuntime stopped = runtimes[i];
        runtimes.RemoveAt(i);
        runtimes.Add(stopped);
        Start(stopped);
    }

    private async Task OperateAsync()
    {
        if (ids.Count == 0) return;
        string id = ids[random.Next(ids.Count)];
        try
        {
            switch (random.Next(6))
            {
                case 0: await first.CancelAsync(id); break;
                case 1: await first.SetPriorityAsync(id, random.Next(5)); break;
                case 2: await first.RequeueNowAsync(id); break;
                case 3: await first.ReleaseLeaseAsync(id); break;
                default: await first.RetryAsync(id); break;
            }
        }
        catch (ConflictException)
        {
            // It was not in that state.
        }
    }

    private Task OnAGhost(Func<Hand, Task> act)
    {
        Hand[] present = [.. hands.Where(hand => !hand.IsDead)];
        return present.Length == 0 ? Task.CompletedTask : act(present[random.Next(present.Length)]);
    }

    private Task OnALease(Func<Hand, LeasedWork, Task> act) =>
        OnAGhost(hand => hand.Leases.Count == 0 ? Task.CompletedTask : act(hand, hand.Leases[random.Next(hand.Leases.Count)]));

    /// <summary>The silent come back too late, and die; the clock is right again, and time passes until everything is over.</summary>
    private async Task EndAsync()
    {
        const string Open =
            """
            SELECT id || ' ' || state || ' due ' || coalesce(due_at, '') || ' blocked on ' || coalesce(blocked_on, '') || ' at version ' || version
            FROM roost_work WHERE state IN ('queued', 'running')
            """;
        // Some have just been displaced then, and others now step what they had.
        for (int i = random.Next(20, 50); i > 0; i--)
        {
            clock.Advance(Step);
            if (i % 4 == 0) await Task.Delay(1);
        }
        foreach (Hand hand in hands.Where(hand => !hand.IsDead))
            foreach (LeasedWork lease in hand.Leases.ToList()) await CommitAsync(hand, lease);
        await SetAsync(furthest);
        foreach (Hand hand in hands.Where(hand => !hand.IsDead)) Kill(hand);
        for (int i = 1; i % 4 != 0 || !IsOver(); i++)
        {
            if (i > 8000)
                throw new TimeoutException(
                    $"It is not over: {string.Join(", ", first.Rows(Open))}; {first.Number("SELECT count(*) FROM roost_worker")} workers."
                );
            clock.Advance(Step * Math.Min(1 + i / 40, 8));
            await Task.Delay(1);
        }
        foreach ((CancellationTokenSource stop, Task loop) in loops)
        {
            await stop.CancelAsync();
            await loop.Soon();
        }
        // One that was declared dead just before it died left a lock without a row; a later start sweeps it.
        string[] locks = Directory.GetFiles(Path.GetDirectoryName(first.Path)!, "*.lock");
        foreach (string file in locks) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        if (locks.Length > 0) await first.RunUntilIdleAsync();
    }

    private bool IsOver() =>
        first.Number("SELECT count(*) FROM roost_work WHERE state IN ('queued', 'running')") == 0
        && first.Number("SELECT count(*) FROM roost_worker") == runtimes.Count;

    private void MustBeRight()
    {
        told.MustBeIn(first);
        ids.Except(first.Rows("SELECT id FROM roost_work")).Should().BeEmpty("what was enqueued is there");
        FileAudit.MustAgree(first.Path);
        FileAudit.MustHaveNoLeftovers(first.Path);
        EventAudit.MustBeOrderly(first.Path);
    }

    private void Start(RoostRuntime runtime)
    {
        var stop = new CancellationTokenSource();
        loops.Add((stop, runtime.RunAsync(stop.Token)));
    }

    private void Kill(Hand hand)
    {
        hand.IsDead = true;
        if (hand.IsLost) return;
        hand.IsLost = true;
        // Whoever was declared dead before has no row any more by which its lock could be found; a process would have let it go.
        if (first.Number("SELECT count(*) FROM roost_worker WHERE id = $0", hand.Ghost.Id) == 0) hand.Ghost.Dispose();
        else hand.Ghost.Die();
    }

    private ScriptedEngine Engine() => new(StepAsync) { First = _ => Interlocked.Increment(ref states) };

    private async Task<Outcome> StepAsync(int state, StepContext context)
    {
        string id = context.Item.Id;
        told.Tell(id, context.Version, state);
        var fate = new Random(unchecked((seed * 31 + id.Length + id[^1]) * 31 + context.Version * 7 + context.Attempt + context.Interruptions));
        switch (fate.Next(24))
        {
            case < 3:
                throw new InvalidOperationException("no");
            case 3:
                return ScriptedEngine.GiveUp("enough");
            case < 8:
                await Task.Delay(TimeSpan.FromMilliseconds(fate.Next(100, 7000)), wall, context.CancellationToken);
                break;
            case 8 when context.Item.Timeout is not null:
                await Task.Delay(TimeSpan.FromSeconds(30), wall);
                break; // It is abandoned.
            case 9 when !id.Contains("-c", StringComparison.Ordinal):
                context.AddChild(new WorkItem("scripted", new { steps = 1 }) { Id = $"{id}-c{context.Version}" });
                break;
        }
        int next = Interlocked.Increment(ref states);
        return context.Version >= context.Item.Payload.GetProperty("steps").GetInt32()
            ? ScriptedEngine.Finish(next)
            : ScriptedEngine.GoOn(next, TimeSpan.FromMilliseconds(fate.Next(3) == 0 ? fate.Next(4000) : 0));
    }
}
