using Microsoft.Extensions.Time.Testing;

namespace Roost.Tests.Support.Model;

/// <summary>Two runtimes with one clock on one file, and the model that says what should be in it.</summary>
internal sealed partial class World : IAsyncDisposable
{
    public const int MaxAttempts = 3, MaxInterruptions = 3, MaxRetryAfters = 2;
    private const string ByHand = "by hand";
    private const int HistoryFirst = 2, HistoryLast = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What each runtime serves; engine "d" has nobody.</summary>
    private static readonly (string[] Engines, string[] Queues)[] Served =
    [
        (["a", "b"], [WorkItem.DefaultQueue]),
        (["b", "c"], [WorkItem.DefaultQueue, "other"]),
    ];

    public static readonly Trigger[] Triggers = [new("a", "b") { If = "item.payload.follow" }, new("c", "c") { If = "item.payload.follow", MaxDepth = 2 }];

    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = TestRuntime.Clock();
    private readonly EngineLog log = new();
    private readonly RoostRuntime[] runtimes = new RoostRuntime[Served.Length];
    private readonly ModelFile model = new();
    private readonly List<string> known = [];
    private readonly HashSet<string> ghosts = [];
    private readonly int concurrency;
    private long seen;
    private int copies;

    /// <param name="concurrency">How many steps run at once in the second runtime; the first runs one. More than one takes the order of events out of the hands
    /// of the seed.</param>
    public World(int concurrency = 1)
    {
        this.concurrency = concurrency;
        for (int i = 0; i < runtimes.Length; i++) Open(i);
    }

    public string Path => folder["roost.db"];

    public void Advance(int milliseconds) => clock.Advance(TimeSpan.FromMilliseconds(milliseconds));

    public string Target(int n) => known.Count == 0 || n < 0 ? "nobody" : known[n % known.Count];

    public static string Text(IEnumerable<(string Id, bool Created)> results) =>
        string.Join(' ', results.Select(result => $"{result.Id}{(result.Created ? "" : " again")}"));

    public async Task EnqueueAsync(int runtime, Spec[] specs)
    {
        (Spec Spec, string? ParentId)[] batch = [.. specs.Select(spec => (spec, spec.Parent < 0 ? null : Target(spec.Parent)))];
        WorkItem[] items = [.. batch.Select(one => one.Spec.ToItem(clock.GetUtcNow(), one.ParentId))];
        Answer answer = Foretold().Enqueue(batch);
        (object? result, Exception? error) = await CatchAsync(async () =>
            items.Length == 1 ? [await runtimes[runtime].EnqueueAsync(items[0])] : await runtimes[runtime].EnqueueAsync(items));
        var results = (IReadOnlyList<EnqueueResult>?)result ?? [];
        for (int i = 0; i < results.Count; i++)
        {
            if (!results[i].Created) continue;
            model.Announce(results[i].Id, batch[i].Spec, batch[i].ParentId, clock.GetUtcNow(), clock.GetUtcNow());
            known.Add(results[i].Id);
        }
        int chosen = 0;
        var names = results.Zip(specs).Where(pair => pair.First.Created && pair.Second.Id is null).ToDictionary(pair => pair.First.Id, _ => "?");
        foreach (EnqueueResult one in results)
        {
            if (!one.Created) continue;
            if (names.ContainsKey(one.Id)) names[one.Id] = $"?{chosen}";
            chosen++;
        }
        string Name(string id) => names.GetValueOrDefault(id, id);
        await CompareAsync([answer], error is null ? Text(results.Select(one => (Name(one.Id), one.Created))) : null, error, Name);
    }

    public async Task ChangeAsync(int runtime, Verb verb, string id, int priority)
    {
        RoostRuntime roost = runtimes[runtime];
        Answer[] answers = Foretold().Change(verb, id, priority);
        (object? result, Exception? error) = await CatchAsync(async () => await ChangeAsync(roost, verb, id, priority, ByHand));
        await CompareAsync(answers, result, error, one => known.Contains(one) ? one : "?");
    }

    /// <summary>Pauses or resumes an engine, a queue or the file.</summary>
    public async Task ChangeWideAsync(int runtime, PauseTarget target, bool pause)
    {
        Answer[] answers = Foretold().ChangeWide(target, pause);
        (object? result, Exception? error) = await CatchAsync(async () =>
            pause ? await runtimes[runtime].PauseAsync(target, ByHand, "the model") : await runtimes[runtime].ResumeAsync(target, "the model")
        );
        await CompareAsync(answers, result, error);
    }

    public async Task ChangeAllAsync(int runtime, bool retry, string? engine)
    {
        Answer answer = retry ? Foretold().RetryAll(engine) : Foretold().DiscardAll(engine);
        var filter = new DeadLetterFilter { Engine = engine };
        (object? result, Exception? error) = await CatchAsync(async () =>
            retry ? await runtimes[runtime].RetryAllAsync(filter) : await runtimes[runtime].DiscardAllAsync(filter)
        );
        await CompareAsync([answer], result, error);
    }

    public async Task PurgeAsync(int runtime, string? engine, int olderThanMs, bool failedToo, bool dryRun)
    {
        var filter = new PurgeFilter(TimeSpan.FromMilliseconds(olderThanMs)) { Engine = engine };
        if (failedToo) filter = filter with { States = [WorkState.Done, WorkState.Failed, WorkState.Cancelled] };
        List<ModelItem> meant = Foretold().Purgeable(engine, filter.OlderThan, filter.States);
        PurgeResult result = await runtimes[runtime].PurgeAsync(filter, dryRun);
        int kept = meant.RemoveAll(item => item is { IsDetached: false, Parent: { IsPurged: false, IsEnded: false } });
        Must(result.Items == meant.Count && result.KeptForParents == kept, $"a purge of {meant.Count} items that leaves {kept} says {result}");
        if (!dryRun) meant.ForEach(model.Remove);
        await ReplayAsync();
    }

    public async Task RunAsync(int runtime)
    {
        Serve(runtime);
        ghosts.Clear(); // Whoever has died is found when a worker starts.
        (DateTimeOffset? due, long waiting) = await runtimes[runtime].RunUntilIdleAsync().WaitAsync(Patience);
        await ReplayAsync();
        long wait = model.Items.Values.Count(item => item.State == WorkState.Waiting && ShapeAt(runtime, item.Spec) > 0);
        Must(waiting == wait, $"{waiting} items are said to wait, and {wait} do");
        model.CheckTrees();
        CheckIdle(runtime, due);
    }

    /// <summary>Single steps; the worker that they leave behind goes with its runtime, which is opened again.</summary>
    public async Task StepAsync(int runtime, int times)
    {
        Serve(runtime);
        ghosts.Clear();
        for (int i = 0; i < times; i++)
        {
            WorkSummary? item = await runtimes[runtime].StepOnceAsync().WaitAsync(Patience);
            int claims = await ReplayAsync();
            Must(claims == (item is null ? 0 : 1), $"a single step has claimed {claims} times and says {item}");
            if (item is not null) Must(Same(model.Items[item.Id], item), $"a single step says {item}, and it is {model.Items[item.Id]}");
        }
        await runtimes[runtime].DisposeAsync();
        Open(runtime);
        await ReplayAsync();
    }

    /// <summary>A worker takes what is ready, and its process dies.</summary>
    public async Task DieAsync(int runtime, int claims)
    {
        Serve(runtime);
        using SqliteGhost ghost = await SqliteGhost.StartAsync(
            runtimes[runtime],
            [.. Served[runtime].Engines.Select(engine => new ScriptEngine(engine, ShapeOf(engine, runtime), clock, log, () => runtimes[runtime]))]
        );
        await ghost.ClaimAsync(claims);
        ghost.Die();
        ghosts.Add(ghost.Id);
        await ReplayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RoostRuntime runtime in runtimes) await runtime.DisposeAsync();
        folder.Dispose();
    }

    private async Task<object?> ChangeAsync(RoostRuntime roost, Verb verb, string id, int priority, string reason)
    {
        switch (verb)
        {
            case Verb.Cancel: return await roost.CancelAsync(id, reason);
            case Verb.Requeue: return await roost.RequeueNowAsync(id, reason);
            case Verb.Priority: return await roost.SetPriorityAsync(id, priority, reason);
            case Verb.Retry: await roost.RetryAsync(id, reason); break;
            case Verb.Discard: await roost.DiscardAsync(id, reason); break;
            case Verb.Signal: await roost.SignalAsync(id, "go", null, reason == ByHand ? null : reason); break;
            case Verb.Answer or Verb.Withdraw:
                if ((await roost.ListAsksAsync(new() { WorkId = id }, limit: 1)).Items is not [AskInfo ask]) return false;
                if (verb == Verb.Answer) return (await roost.AnswerAsync(ask.Id, "go", reason)).Created;
                await roost.WithdrawAskAsync(ask.Id, reason);
                return true;
            case Verb.RunAgain: await roost.RunAgainAsync(id, reason: reason); break;
            case Verb.Pause:
                DateTimeOffset? until = priority > 0 ? clock.GetUtcNow().AddMilliseconds(5000 * priority) : null;
                return await roost.PauseAsync(PauseTarget.Item(id), reason, "the model", until);
            case Verb.Resume: return await roost.ResumeAsync(PauseTarget.Item(id), "the model", reason);
            case Verb.Edit when (await roost.GetDeadLetterAsync(id)).Snapshot is { } last:
                log.Edited[id] = true;
                await roost.RetryAsync(id, JsonEdit.From(ScriptEngine.StateOf(last.Version + 1, last.StateVersion)), last.Version, reason);
                break;
            case Verb.Edit: await roost.RetryAsync(id, reason); break;
            default: await roost.ReleaseLeaseAsync(id, reason); break;
        }
        return null;
    }

    private void Open(int runtime) => runtimes[runtime] = Serving(runtime);

    private RoostRuntime Serving(int runtime)
    {
        (string[] engines, string[] queues) = Served[runtime];
        var roost = new RoostRuntime(Options with { Queues = queues, Concurrency = runtime == 0 ? 1 : concurrency });
        foreach (string engine in engines) roost.AddEngine(new ScriptEngine(engine, ShapeOf(engine, runtime), clock, log, () => roost));
        return roost;
    }

    private RoostOptions Options => new()
    {
        Path = Path,
        Durability = Durability.None,
        TimeProvider = clock,
        Triggers = Triggers,
        MaxAttempts = MaxAttempts,
        MaxRetryAfters = MaxRetryAfters,
        MaxInterruptions = MaxInterruptions,
        HistoryFirst = HistoryFirst,
        HistoryLast = HistoryLast,
        LeaseTime = TimeSpan.FromDays(1), // The clock leaps here, and no lease shall end by that.
        StepTimeoutGrace = TimeSpan.FromHours(1),
    };

    /// <summary>The second runtime is a newer program: it knows the state of "b" in a second shape.</summary>
    private static int ShapeOf(string engine, int runtime) => engine == "b" && runtime == 1 ? 2 : 1;

    private static int ShapeAt(int runtime, Spec spec) =>
        Served[runtime].Engines.Contains(spec.Engine) && Served[runtime].Queues.Contains(spec.Queue) ? ShapeOf(spec.Engine, runtime) : 0;

    private static bool IsServed(int runtime, ModelItem item) => ShapeAt(runtime, item.Spec) is > 0 and int shape && item.Shape <= shape;

    private void Serve(int runtime) => model.ShapeAt = (_, spec) => ShapeAt(runtime, spec);

    private ModelFile Foretold()
    {
        model.Now = clock.GetUtcNow();
        return model;
    }

    private static async Task<(object? Result, Exception? Error)> CatchAsync(Func<Task<object?>> operation)
    {
        try
        {
            return (await operation().WaitAsync(Patience), null);
        }
        catch (RoostException e)
        {
            return (null, e);
        }
    }

    private async Task CompareAsync(Answer[] answers, object? result, Exception? error, Func<string, string>? name = null)
    {
        List<WorkEvent> events = await NewEventsAsync();
        (string, string)[] kinds = [.. events.Where(e => e.WorkId is not null).Select(e => (e.Kind, name?.Invoke(e.WorkId!) ?? e.WorkId!))];
        Must(
            Array.Exists(answers, answer => answer.Fits(result, error, kinds)),
            $"the answer is {new Answer(result, error?.GetType(), kinds)}, and should be {string.Join(" or ", (object[])answers)}"
        );
        Replay(events);
    }

    /// <summary>Reads what has happened; how many claims it were.</summary>
    private async Task<int> ReplayAsync()
    {
        List<WorkEvent> events = await NewEventsAsync();
        Replay(events);
        return events.Count(e => e.Kind == EventKinds.Claimed);
    }

    private void Replay(List<WorkEvent> events)
    {
        foreach (WorkEvent e in events)
        {
            model.Replay(e);
            if (e.Kind == EventKinds.Enqueued && !known.Contains(e.WorkId!)) known.Add(e.WorkId!);
        }
        model.End();
        model.Settle();
        model.Now = clock.GetUtcNow();
        if (log.Complaints.TryDequeue(out string? complaint)) Must(false, complaint);
    }

    private async Task<List<WorkEvent>> NewEventsAsync()
    {
        var events = new List<WorkEvent>();
        while ((await runtimes[0].ListEventsAsync(after: seen)).Items is { Count: > 0 } page)
        {
            events.AddRange(page);
            Must(page[0].Sequence > seen && page.Zip(page.Skip(1)).All(pair => pair.First.Sequence < pair.Second.Sequence), "events are not in their order");
            seen = page[^1].Sequence;
        }
        return events;
    }

    private static void Must(bool holds, string otherwise)
    {
        if (!holds) throw new ModelException(otherwise);
    }
}
