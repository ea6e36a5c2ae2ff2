namespace Roost.Benchmarks;

/// <summary>One question of an operator, asked again and again with other ids where it is about one item.</summary>
internal sealed record OperatorQuery(string Name, Func<int, Task> AskAsync);

/// <summary>Every query of the public API that an operator's command or page asks, on a mixed file.</summary>
internal static class OperatorQueries
{
    private const int DeepPages = 200;

    public static async Task<IReadOnlyList<OperatorQuery>> AllAsync(RoostRuntime roost)
    {
        string[] ids = await IdsAsync(roost);
        string[] dead = [.. (await roost.ListDeadLettersAsync(limit: 1000)).Items.Select(letter => letter.Item.Id)];
        string deep = await CursorAsync(async cursor => (await roost.ListAsync(null, 1000, cursor)).Next);
        string deepDead = await CursorAsync(async cursor => (await roost.ListDeadLettersAsync(null, 500, cursor)).Next);
        long last = await roost.GetLastSequenceAsync();
        return
        [
            List("list 50", new()),
            .. Enum.GetValues<WorkState>().Select(state => List($"list 50, {state.ToString().ToLowerInvariant()}", new() { State = state })),
            List("list 50, engine", new() { Engine = "review" }),
            List("list 50, queue", new() { Queue = "bulk" }),
            List("list 50, engine, queue and state", new() { Engine = "review", Queue = "bulk", State = WorkState.Done }),
            List("list 50, resource of 17 items", new() { Resource = StoredFile.Site(7) }),
            List("list 50, resource of 100,000 items", new() { Resource = "model:large" }),
            List("list 50, parent of 10 items", new() { ParentId = "batch-17" }),
            List("list 50, parent of 50,000 items", new() { ParentId = StoredFile.BigParent }),
            List("list 50, error text, frequent", new() { Error = "503" }),
            List("list 50, error text, rare", new() { Error = "site-777.example" }),
            List("list 50, error text, none", new() { Error = "nobody has written this" }),
            List("list 1,000", new(), 1000),
            List("list 1,000, failed", new() { State = WorkState.Failed }, 1000),
            List("list 1,000, error text, rare", new() { Error = "site-777.example" }, 1000),
            new("list 50, 200,000 deep", _ => roost.ListAsync(null, 50, deep)),
            new("list 1,000, 200,000 deep", _ => roost.ListAsync(null, 1000, deep)),
            Letters("dead letters 50", new()),
            Letters("dead letters 50, reason", new() { Reason = FailReasons.EngineFailed }),
            Letters("dead letters 50, reason, none", new() { Reason = "nobody_has_given_this" }),
            Letters("dead letters 50, error type and text", new() { ErrorType = typeof(InvalidDataException).FullName, Error = "answered 503" }),
            Letters("dead letters 50, error text, rare", new() { Error = "site-777.example" }),
            Letters("dead letters 1,000", new(), 1000),
            new("dead letters 50, deep", _ => roost.ListDeadLettersAsync(null, 50, deepDead)),
            new("dead letter", n => roost.GetDeadLetterAsync(dead[n % dead.Length])),
            new("counts", _ => roost.GetCountsAsync()),
            new("detail", n => roost.GetAsync(ids[n % ids.Length])),
            new("detail of the parent of 50,000", _ => roost.GetAsync(StoredFile.BigParent)),
            new("history of an item", n => roost.ListHistoryAsync(ids[n % ids.Length])),
            new("snapshot of an item", n => roost.GetSnapshotAsync(dead[n % dead.Length])),
            new("artifacts of an item", n => roost.ListArtifactsOfAsync(ids[n % ids.Length])),
            new("events of an item", n => roost.ListEventsAsync(ids[n % ids.Length])),
            new("events 500, from the first", _ => roost.ListEventsAsync()),
            new("events 500, from the middle", _ => roost.ListEventsAsync(after: last / 2)),
            new("last sequence", _ => roost.GetLastSequenceAsync()),
            new("resources 50", _ => roost.ListResourcesAsync()),
            new("leases", _ => roost.ListLeasesAsync()),
            new("workers", _ => roost.ListWorkersAsync()),
            new("engines", _ => roost.ListEnginesAsync()),
            new("find ids, beginning", n => roost.FindIdsAsync(ids[n % ids.Length][..20])),
            new("find ids, end", n => roost.FindIdsAsync(ids[n % ids.Length][^8..])),
        ];

        OperatorQuery List(string name, WorkFilter filter, int limit = 50) => new(name, _ => roost.ListAsync(filter, limit));
        OperatorQuery Letters(string name, DeadLetterFilter filter, int limit = 50) => new(name, _ => roost.ListDeadLettersAsync(filter, limit));
    }

    private static async Task<string[]> IdsAsync(RoostRuntime roost)
    {
        var ids = new List<string>();
        foreach (WorkState state in new[] { WorkState.Queued, WorkState.Done, WorkState.Failed, WorkState.Cancelled })
            ids.AddRange(
                (await roost.ListAsync(new() { State = state }, 250)).Items.Where(item => item.Version > 0 || state != WorkState.Done).Select(item => item.Id)
            );
        string[] found = [.. ids];
        new Random(1).Shuffle(found);
        return found;
    }

    private static async Task<string> CursorAsync(Func<string?, Task<string?>> nextAsync)
    {
        string? cursor = null;
        for (int page = 0; page < DeepPages; page++)
        {
            if (await nextAsync(cursor) is not { } next) break;
            cursor = next;
        }
        return cursor!;
    }
}
