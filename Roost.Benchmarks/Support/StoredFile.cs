using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// Files with many work items in them, made once by the product itself and kept in a folder: enqueued in batches and stepped to where they
/// shall stand on <see cref="Slots"/> slots, without syncs, in seconds to a few minutes for a million. Each is checked before it is kept.
/// </summary>
internal static class StoredFile
{
    public const string OneName = "model:only";

    /// <summary>The parent of one item in twenty: the big batch of a mixed file.</summary>
    public const string BigParent = "batch-0";

    private const int Slots = 256;
    private const int Batch = 10_000;
    private const int Holders = 100;

    public static async Task KeepAllAsync(Settings settings)
    {
        foreach (StoredMix mix in Enum.GetValues<StoredMix>()) Console.WriteLine(await KeepAsync(settings.Folder, mix, settings.Number("--items", 1_000_000)));
    }

    /// <summary>The path of a copy that may be changed; the file itself is made where it is missing.</summary>
    public static async Task<string> CopyAsync(string folder, StoredMix mix, int items)
    {
        string kept = await KeepAsync(folder, mix, items);
        string copy = New(folder);
        File.Copy(kept, copy);
        return copy;
    }

    /// <summary>The path of the file itself, for copying only; made where it is missing.</summary>
    public static async Task<string> KeepAsync(string folder, StoredMix mix, int items)
    {
        string path = Path.Combine(folder, FormattableString.Invariant($"stored-{mix.ToString().ToLowerInvariant()}-{items}.db"));
        if (File.Exists(path)) return path;
        string making = path + ".making";
        Delete(making);
        var watch = Stopwatch.StartNew();
        await using (
            var roost = new RoostRuntime(
                new RoostOptions
                {
                    Path = making,
                    Durability = Durability.None,
                    Concurrency = Slots,
                    Queues = ["default", "bulk"],
                }
            )
        )
            await FillAsync(roost, mix, items);
        TimeSpan made = watch.Elapsed;
        await CheckAsync(making, items);
        File.Move(making, path);
        Console.Error.WriteLine($"made {Path.GetFileName(path)} in {made.TotalSeconds:N0} s, {new FileInfo(path).Length / 1_000_000:N0} MB, checked");
        return path;
    }

    /// <summary>The path of a file that is not there yet.</summary>
    public static string New(string folder) => Path.Combine(folder, Guid.NewGuid().ToString("N") + ".db");

    public static void Delete(string path)
    {
        foreach (string suffix in new[] { "", "-wal", "-shm" }) File.Delete(path + suffix);
    }

    private static async Task FillAsync(RoostRuntime roost, StoredMix mix, int items)
    {
        foreach (string engine in StoredEngine.Ids) roost.AddEngine(new StoredEngine(engine));
        await roost.EnqueueAsync(Before(mix, items));
        await roost.RunUntilIdleAsync();
        int early = (mix == StoredMix.Mixed ? Holders + items / 100 : 0) + (mix == StoredMix.Blocked ? 1 : 0);
        for (int from = early; from < items; from += Batch)
        {
            await roost.EnqueueAsync(Enumerable.Range(from, Math.Min(Batch, items - from)).Select(n => Item(mix, n, items)));
            await roost.RunUntilIdleAsync();
        }
        await roost.DiscardAllAsync(new DeadLetterFilter { Error = StoredEngine.Unwanted });
    }

    /// <summary>Those that others name: parents, and holders of resources.</summary>
    private static IEnumerable<WorkItem> Before(StoredMix mix, int items) => mix switch
    {
        StoredMix.Blocked => [new("fetch", new Fate(StoredEngine.Wait)) { Resources = [OneName], ResourceHold = ResourceHold.Life }],
        StoredMix.Mixed =>
        [
            .. Enumerable.Range(0, Holders).Select(n =>
                new WorkItem("fetch", new Fate(StoredEngine.Wait)) { Resources = [Account(n)], ResourceHold = ResourceHold.Life }),
            .. Enumerable.Range(0, items / 100).Select(n => new WorkItem("plan", new Fate(StoredEngine.Finish, 2)) { Id = Parent(n) }),
        ],
        _ => [],
    };

    private static WorkItem Item(StoredMix mix, int n, int items) => mix switch
    {
        StoredMix.Ready => new("archive", new Fate(StoredEngine.Finish)),
        StoredMix.Delayed => new("fetch", new Fate(StoredEngine.Finish)) { Delay = Years(n) },
        StoredMix.Blocked => new("fetch", new Fate(StoredEngine.Finish)) { Resources = [OneName] },
        StoredMix.Done => new("fetch", new Fate(StoredEngine.Finish)),
        StoredMix.Dead => new("fetch", new Fate(StoredEngine.Refuse, Number: n)),
        _ => OfMixed(n, items),
    };

    private static WorkItem OfMixed(int n, int items)
    {
        int kind = n % 20;
        string engine = kind is 15 or 16 ? "archive" : StoredEngine.Ids[n % 7 % StoredEngine.Ids.Length];
        Fate fate = kind switch
        {
            < 9 => new(StoredEngine.Finish, 1 + n % 4, n),
            9 => new(StoredEngine.Refuse, 1, n),
            10 => new(StoredEngine.Throw, 1, n),
            11 => new(StoredEngine.Discard, 1, n),
            < 15 => new(StoredEngine.Wait, 1, n),
            _ => new(StoredEngine.Finish, 1, n),
        };
        return new(engine, fate)
        {
            Queue = kind == 18 ? "later" : n % 3 == 0 ? "bulk" : "default",
            Priority = n % 5 == 0 ? 5 : 0,
            MaxAttempts = 1,
            Delay = kind == 17 ? Years(n) : null,
            Resources = kind == 19 ? [Account(n % Holders)] : n % 10 == 3 ? ["model:large"] : n % 3 == 1 ? [Site(n % 20_000)] : [],
            ParentId = n % 20 == 7 ? BigParent : n % 10 == 5 ? Parent(n % (items / 100)) : null,
            IdempotencyKey = n % 4 == 0 ? FormattableString.Invariant($"key-{n}") : null,
        };
    }

    public static string Site(int n) => FormattableString.Invariant($"site:{n:D5}.example");

    private static string Account(int n) => FormattableString.Invariant($"account:{n:D3}");

    private static string Parent(int n) => FormattableString.Invariant($"batch-{n}");

    private static TimeSpan Years(int n) => TimeSpan.FromDays(3600) + TimeSpan.FromSeconds(n);

    private static async Task CheckAsync(string path, int items)
    {
        await using var roost = new RoostRuntime(path);
        long stored = (await roost.GetCountsAsync()).Total.Total;
        if (stored != items)
            throw new InvalidOperationException($"{path} holds {stored} items where {items} are right.");
        FileCheck[] wrong =
        [
            .. (await RoostRuntime.CheckFileAsync(path)).Where(check =>
                check.Name is "integrity" or "counts" or "leases" or "schema" && check.Status != CheckStatus.Ok
            ),
        ];
        if (wrong.Length > 0)
            throw new InvalidOperationException($"{path} is not sound: {string.Join("; ", wrong.Select(check => check.Found))}");
    }
}
