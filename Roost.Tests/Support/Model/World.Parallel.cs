using System.Collections.Concurrent;

namespace Roost.Tests.Support.Model;

/// <summary>
/// Callers at once beside running loops: the history says in which order things happened, the model whether they may, and each answer must be in it.
/// </summary>
internal sealed partial class World
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private const string Purged = "purged";
    private const int ToPurge = 20;

    private readonly ConcurrentQueue<(string Kind, string Reason, bool IsSo)> answers = new();
    private readonly ConcurrentQueue<(string Kind, string Reason, int Times)> counts = new();
    private readonly ConcurrentDictionary<string, WorkerInfo> workers = new();
    private readonly ConcurrentQueue<long> watched = new();
    private long purged;

    /// <summary>Who calls what at once; a call knows its own name, which is its reason where it gives one and the id of what it enqueues.</summary>
    public async Task CallAsync(Func<World, string, Task>[][] callers)
    {
        await EnqueueToPurgeAsync();
        using var stop = new CancellationTokenSource();
        Task[] loops = [.. runtimes.Select(roost => roost.RunAsync(stop.Token))];
        while (workers.Count < runtimes.Length) await MeetWorkersAsync(runtimes[0]);
        Task ticking = TickAsync(stop.Token);
        using var over = new CancellationTokenSource();
        Task watching = WatchAsync(runtimes[0], seen, over.Token);
        try
        {
            await Task.WhenAll(callers.Select((calls, caller) => Task.Run(async () =>
            {
                for (int i = 0; i < calls.Length; i++) await calls[i](this, $"c{caller}.{i}");
            }))).WaitAsync(Patience);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll([.. loops, ticking]).WaitAsync(Patience);
        }
        model.ShapeAt = (worker, spec) =>
            workers.TryGetValue(worker, out WorkerInfo? one) && one.Queues.Contains(spec.Queue)
                ? one.Engines.FirstOrDefault(engine => engine.EngineId == spec.Engine)?.StateVersion ?? 0
                : 0;
        List<WorkEvent> events = await NewEventsAsync();
        Replay(events);
        CheckAnswers(events);
        await CheckPurgedAsync();
        await Waiting.Until(() => watched.Count >= events.Count || watching.IsCompleted);
        await over.CancelAsync();
        await watching;
        Must(watched.SequenceEqual(events.Select(e => e.Sequence)), $"of {events.Count} events {watched.Count} were watched, or in another order");
    }

    /// <summary>Works off what is left, and lets time pass until nothing is due any more.</summary>
    public async Task WorkOffAsync()
    {
        for (int i = 0; i < 6; i++)
        {
            for (int runtime = 0; runtime < runtimes.Length; runtime++) await RunAsync(runtime);
            clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    public async Task CallEnqueueAsync(string name, int runtime, Spec spec, string? parentId)
    {
        DateTimeOffset now = clock.GetUtcNow();
        (object? result, _) = await CatchAsync(async () => await runtimes[runtime].EnqueueAsync((spec with { Id = name }).ToItem(now, parentId)));
        lock (answers) model.Announce(name, spec, parentId, now, clock.GetUtcNow());
        answers.Enqueue((EventKinds.Enqueued, name, result is EnqueueResult { Created: true }));
    }

    /// <summary>All of them or none.</summary>
    public async Task CallEnqueueAsync(string name, int runtime, Spec[] specs)
    {
        DateTimeOffset now = clock.GetUtcNow();
        Spec[] named = [.. specs.Select((spec, i) => spec with { Id = $"{name}.{i}" })];
        (object? result, _) = await CatchAsync(async () => await runtimes[runtime].EnqueueAsync(named.Select(spec => spec.ToItem(now, parentId: null))));
        var results = (IReadOnlyList<EnqueueResult>?)result;
        for (int i = 0; i < named.Length; i++)
        {
            lock (answers) model.Announce(named[i].Id!, named[i], null, now, clock.GetUtcNow());
            answers.Enqueue((EventKinds.Enqueued, named[i].Id!, results is not null && results[i].Created));
        }
    }

    public async Task CallChangeAllAsync(string name, int runtime, bool retry, string? engine)
    {
        var filter = new DeadLetterFilter { Engine = engine };
        int times = retry ? await runtimes[runtime].RetryAllAsync(filter, name) : await runtimes[runtime].DiscardAllAsync(filter, name);
        counts.Enqueue((retry ? EventKinds.Retried : EventKinds.Discarded, name, times));
    }

    /// <summary>Only of what was put there to be purged: the events of the others tell the story.</summary>
    public async Task CallPurgeAsync(int runtime)
    {
        PurgeResult result = await runtimes[runtime].PurgeAsync(new(TimeSpan.Zero) { Engine = Purged });
        Interlocked.Add(ref purged, result.Items);
    }

    /// <summary>One step by a worker of its own, which goes when its runtime is closed.</summary>
    public async Task CallStepAsync(int runtime)
    {
        await using RoostRuntime roost = Serving(runtime);
        await roost.StepOnceAsync();
        await MeetWorkersAsync(roost);
    }

    public async Task CallBackupAsync(int runtime)
    {
        string path = folder[$"copy-{Interlocked.Increment(ref copies)}.db"];
        await runtimes[runtime].BackupAsync(path);
        FileAudit.MustAgree(path);
        File.Delete(path);
    }

    public async Task CallChangeAsync(string name, int runtime, Verb verb, string id, int priority)
    {
        (object? result, Exception? error) = await CatchAsync(async () => await ChangeAsync(runtimes[runtime], verb, id, priority, name));
        string kind = verb switch
        {
            Verb.Cancel => EventKinds.Cancelled,
            Verb.Retry or Verb.Edit => EventKinds.Retried,
            Verb.RunAgain => EventKinds.RunAgain,
            Verb.Discard => EventKinds.Discarded,
            Verb.Requeue => EventKinds.Requeued,
            Verb.Priority => EventKinds.PriorityChanged,
            Verb.Signal => EventKinds.Signalled,
            Verb.Answer => EventKinds.Answered,
            Verb.Withdraw => EventKinds.AskWithdrawn,
            Verb.Pause => EventKinds.Paused,
            Verb.Resume => EventKinds.Resumed,
            _ => EventKinds.Released,
        };
        answers.Enqueue((kind, name, error is null && (result is not false || verb == Verb.Pause))); // What is paused already is by this one then.
    }

    /// <summary>Reads what there is of an item, and lists and counts.</summary>
    public async Task CallReadAsync(int runtime, string id)
    {
        RoostRuntime roost = runtimes[runtime];
        (object? detail, _) = await CatchAsync(async () => await roost.GetAsync(id));
        if (detail is WorkDetail { Snapshot: { } last } && last.DataAs<int>() != ScriptEngine.StateOf(last.Version, last.StateVersion))
            log.Complaints.Enqueue($"{id} is read with state {last.DataAs<int>()} at version {last.Version}");
        await roost.ListAsync(limit: 5);
        WorkCounts counts = await roost.GetCountsAsync();
        if (counts.Queues.Sum(queue => queue.Counts.Total) != counts.Total.Total) log.Complaints.Enqueue("counts of queues are not the total");
        await roost.ListResourcesAsync();
        await roost.ListDeadLettersAsync();
    }

    private async Task EnqueueToPurgeAsync()
    {
        Spec spec = new(Script.OfChild, Purged);
        IReadOnlyList<EnqueueResult> made = await runtimes[0]
            .EnqueueAsync(Enumerable.Range(0, ToPurge).Select(_ => spec.ToItem(clock.GetUtcNow(), parentId: null)));
        foreach (EnqueueResult one in made)
        {
            model.Announce(one.Id, spec, null, clock.GetUtcNow(), clock.GetUtcNow());
            await runtimes[0].CancelAsync(one.Id);
        }
        await ReplayAsync();
    }

    private async Task MeetWorkersAsync(RoostRuntime roost)
    {
        foreach (WorkerInfo one in await roost.ListWorkersAsync()) workers.TryAdd(one.Id, one);
    }

    /// <summary>Whoever watches sees each event once and in order.</summary>
    private async Task WatchAsync(RoostRuntime roost, long after, CancellationToken over)
    {
        try
        {
            await foreach (WorkEvent e in roost.WatchEventsAsync(after: after, cancellationToken: over)) watched.Enqueue(e.Sequence);
        }
        catch (OperationCanceledException)
        {
            // The round is over.
        }
    }

    private async Task TickAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            clock.Advance(Tick);
            await Task.Delay(1, CancellationToken.None);
        }
    }

    /// <summary>What was answered with yes has happened once, and what was not has not.</summary>
    private void CheckAnswers(List<WorkEvent> events)
    {
        var made = events.Where(e => e.Kind == EventKinds.Enqueued).Select(e => e.WorkId!).ToHashSet();
        var done = events
            .Where(e => e.Data is { } data && data.TryGetProperty(ReasonIn(e.Kind), out _))
            .CountBy(e => (e.Kind, e.Data!.Value.GetProperty(ReasonIn(e.Kind)).GetString()!))
            .ToDictionary();
        foreach ((string kind, string reason, bool isSo) in answers)
        {
            int times = kind == EventKinds.Enqueued ? (made.Contains(reason) ? 1 : 0) : done.GetValueOrDefault((kind, reason));
            if (kind == EventKinds.Cancelled)
                // One may have asked before, or the step's end won.
                Must(isSo ? times <= 1 : times == 0, $"{reason} was answered {isSo}, and {times} items were cancelled for it");
            else
                Must(times == (isSo ? 1 : 0), $"{reason} was answered {isSo}, and {kind} is there {times} times");
        }
        foreach ((string kind, string reason, int times) in counts)
            Must(
                done.GetValueOrDefault((kind, reason)) == times,
                $"{reason} was answered {times}, and {kind} is there {done.GetValueOrDefault((kind, reason))} times"
            );
    }

    private static string ReasonIn(string kind) => kind switch
    {
        EventKinds.Signalled => "id",
        EventKinds.Answered or EventKinds.AskWithdrawn => "by",
        _ => "reason",
    };

    private async Task CheckPurgedAsync()
    {
        foreach (ModelItem item in model.Items.Values.Where(item => item.Spec.Engine == Purged).ToList())
            if ((await CatchAsync(async () => await runtimes[0].GetAsync(item.Id))).Error is NotFoundException) model.Remove(item);
        int left = model.Items.Values.Count(item => item.Spec.Engine == Purged);
        Must(purged + left == ToPurge, $"{purged} of {ToPurge} were purged, and {left} are left");
    }
}
