namespace Roost.Tests.Support;

/// <summary>
/// What a process does that is killed at a random moment: all kinds of items, and what an operator does beside them, on a file that others use
/// as well. It says what was acknowledged, and nothing before it was.
/// </summary>
internal static class CrashVerb
{
    /// <summary>The engine of the follow-ups.</summary>
    public const string FollowUp = "follow-up";

    /// <summary>It has done what it does by itself; it still works on whatever is there.</summary>
    public const string Over = "over";

    /// <summary>The engine of the items that are purged once they have ended; the others are the test's to find.</summary>
    public const string Brief = "brief";

    /// <summary>Few, so that the machine's time goes into what is killed and not into what is left to do.</summary>
    private const int Acts = 10;

    public static async Task<int> RunAsync(string path, int seed)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = Open(path, ChildProgram.Say);
        var random = new Random(seed);
        Task loop = roost.RunAsync(end);
        for (int i = 0; i < Acts && !end.IsCancellationRequested; i++)
        {
            await Task.Delay(random.Next(12), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // They come one by one, as a host's do.
            try
            {
                await ActAsync(roost, random, seed, i);
            }
            catch (Exception e) when (e is ConflictException or NotFoundException)
            {
                // Somebody else came first.
            }
        }
        ChildProgram.Say(Over);
        await loop;
        return 0;
    }

    /// <summary>A runtime that serves everything that these processes enqueue, however often it was interrupted.</summary>
    public static RoostRuntime Open(string path, Action<string> say) => ChildVerbs.Open(
        ChildVerbs.Options(path) with
        {
            MaxInterruptions = 1000,
            Triggers = [new Trigger("child", FollowUp) { If = "item.payload.follows" }],
        },
        TimeSpan.FromSeconds(30),
        say)
        .AddEngine(ScriptedEngine.CountingTo(2, id: FollowUp))
        .AddEngine(ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactBytes(ChildPayload.SharedArtifact, ChildContent.Shared);
            return ScriptedEngine.Finish(state + 1);
        }, Brief));

    private static async Task ActAsync(RoostRuntime roost, Random random, int seed, int i)
    {
        string id = $"item-{seed}-{i}", other = $"item-{seed}-{random.Next(i + 1)}";
        switch (random.Next(16))
        {
            case 0:
                string key = $"key-{random.Next(12)}";
                var keyed = new WorkItem("child", new ChildPayload(2)) { IdempotencyKey = key };
                EnqueueResult keeper = await roost.EnqueueAsync(keyed);
                ChildProgram.Say($"keyed {key} {keeper.Id}");
                ChildProgram.SayEnqueued(keeper.Id, keyed);
                break;
            case 1:
                if (await roost.CancelAsync(other, "by chance")) ChildProgram.Say($"did cancelled {other}");
                break;
            case 2:
                if (await roost.SetPriorityAsync(other, random.Next(5))) ChildProgram.Say($"did priority_changed {other}");
                break;
            case 3:
                Page<DeadLetter> dead = await roost.ListDeadLettersAsync(limit: 5);
                if (dead.Items.Count == 0) break;
                string chosen = dead.Items[random.Next(dead.Items.Count)].Item.Id;
                await roost.RetryAsync(chosen, "by chance");
                ChildProgram.Say($"did retried {chosen}");
                break;
            case 4:
                ChildProgram.Say($"brief {(await roost.EnqueueAsync(new WorkItem(Brief))).Id}");
                break;
            case 5:
                Page<WorkSummary> ended = await roost.ListAsync(new() { Engine = Brief, State = WorkState.Done });
                await roost.PurgeAsync(new PurgeFilter(TimeSpan.Zero) { Engine = Brief });
                ChildProgram.Say($"purged {string.Join(' ', ended.Items.Select(it => it.Id))}");
                break;
            default:
                WorkItem item = Item(id, random);
                await roost.EnqueueAsync(item);
                ChildProgram.SayEnqueued(id, item);
                break;
        }
    }

    private static WorkItem Item(string id, Random random)
    {
        bool Sometimes(int oneIn) => random.Next(oneIn) == 0;
        var payload = new ChildPayload(
            random.Next(1, 8),
            Sometimes(3) ? random.Next(40) : 0,
            Sometimes(4),
            Sometimes(4),
            Sometimes(3),
            StepMs: Sometimes(4) ? random.Next(20) : 0
        )
        {
            Streams = Sometimes(5),
            GivesUp = Sometimes(10),
            Follows = Sometimes(4),
            Grows = Sometimes(3),
        };
        return new WorkItem("child", payload)
        {
            Id = id,
            Resources = random.Next(3) switch { 0 => [], 1 => [$"r{random.Next(3)}"], _ => ["r1", $"s{random.Next(3)}"] },
            ResourceHold = Sometimes(3) ? ResourceHold.Life : ResourceHold.Step,
            Priority = random.Next(3),
            Delay = Sometimes(6) ? TimeSpan.FromMilliseconds(random.Next(100)) : null,
        };
    }
}
