using System.Collections.Concurrent;

namespace Roost.Tests.Support.Model;

/// <summary>Callers at once beside running loops: the history says in which order things happened, the model whether they may, and each answer must be in it.</summary>
internal sealed partial class World
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentQueue<(string Kind, string Reason, bool IsSo)> answers = new();

    /// <summary>Who calls what at once; a call knows its own name, which is its reason where it gives one and the id of what it enqueues.</summary>
    public async Task CallAsync(Func<World, string, Task>[][] callers)
    {
        using var stop = new CancellationTokenSource();
        Task[] loops = [.. runtimes.Select(roost => roost.RunAsync(stop.Token))];
        IReadOnlyList<WorkerInfo> workers = [];
        while (workers.Count < runtimes.Length) workers = await runtimes[0].GetWorkersAsync();
        Task ticking = TickAsync(stop.Token);
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
        model.Serves = (worker, item) => workers.Any(one => one.Id == worker && one.Engines.Any(engine => engine.EngineId == item.Spec.Engine) && one.Queues.Contains(item.Spec.Queue));
        List<WorkEvent> events = await NewEventsAsync();
        Replay(events);
        CheckAnswers(events);
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

    public async Task CallChangeAsync(string name, int runtime, Verb verb, string id, int priority)
    {
        (object? result, Exception? error) = await CatchAsync(async () => await ChangeAsync(runtimes[runtime], verb, id, priority, name));
        string kind = verb switch
        {
            Verb.Cancel => EventKinds.Cancelled,
            Verb.Retry => EventKinds.Retried,
            Verb.Discard => EventKinds.Discarded,
            Verb.Requeue => EventKinds.Requeued,
            Verb.Priority => EventKinds.PriorityChanged,
            _ => EventKinds.Released,
        };
        answers.Enqueue((kind, name, error is null && result is not false));
    }

    /// <summary>Reads what there is of an item, and lists and counts.</summary>
    public async Task CallReadAsync(int runtime, string id)
    {
        RoostRuntime roost = runtimes[runtime];
        (object? detail, _) = await CatchAsync(async () => await roost.GetAsync(id));
        if (detail is WorkDetail { Snapshot: { } last } && last.DataAs<int>() != last.Version - 1) log.Complaints.Enqueue($"{id} is read with state {last.DataAs<int>()} at version {last.Version}");
        await roost.ListAsync(limit: 5);
        WorkCounts counts = await roost.GetCountsAsync();
        if (counts.Queues.Sum(queue => queue.Counts.Total) != counts.Total.Total) log.Complaints.Enqueue("counts of queues are not the total");
        await roost.GetResourcesAsync();
        await roost.ListDeadLettersAsync();
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
        var done = events.Where(e => e.Data is { } data && data.TryGetProperty("reason", out _)).CountBy(e => (e.Kind, e.Data!.Value.GetProperty("reason").GetString()!)).ToDictionary();
        foreach ((string kind, string reason, bool isSo) in answers)
        {
            int times = kind == EventKinds.Enqueued ? (made.Contains(reason) ? 1 : 0) : done.GetValueOrDefault((kind, reason));
            if (kind == EventKinds.Cancelled) Must(isSo ? times <= 1 : times == 0, $"{reason} was answered {isSo}, and {times} items were cancelled for it"); // One may have asked before, or the step's end won.
            else Must(times == (isSo ? 1 : 0), $"{reason} was answered {isSo}, and {kind} is there {times} times");
        }
    }
}
