using Roost.Native;

namespace Roost.Tests.Support;

/// <summary>
/// What a child process does while Native/power.c writes it down. Each begins with the creation of the file and ends by itself; it says what was
/// acknowledged right after it was.
/// </summary>
internal static class PowerVerbs
{
    public const string CopySuffix = ".copy";

    private const int Callers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="path">The file.</param>
    /// <param name="workload">What to do, and after a dash how to do it wrong: such a mutant has to be caught.</param>
    /// <param name="seed">What is random follows from it, but for the order in which threads come.</param>
    public static async Task<int> RunAsync(string path, string workload, int seed)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        string[] words = workload.Split('-');
        string how = words.Length > 1 ? words[1] : "";
        RoostOptions options = ChildVerbs.Options(path) with
        {
            Durability = how switch
            {
                "normal" => Durability.ProcessCrash,
                "off" => Durability.None,
                _ => Durability.Full,
            },
        };
        var random = new Random(seed);
        await (words[0] switch
        {
            "creation" => CreateAsync(options),
            "enqueues" => EnqueueAsync(options, random, early: how == "early"),
            "steps" => StepAsync(options, Enumerable.Range(0, 20).Select(i => ChildVerbs.AnyItem(random, $"item-{i}")), end),
            "artifacts" => StepAsync(
                options,
                Enumerable.Range(0, 5).Select(i => new WorkItem("child", new ChildPayload(3, Chunks: random.Next(5))) { Id = $"item-{i}" }),
                end),
            "checkpoints" => CheckpointAsync(options, end),
            "migration" => MigrateAsync(options),
            "waits" => SignalVerb.RunAsync(options, random, "power", acts: 30, leaves: true, end),
            "backup" => BackUpAsync(options, end),
            "fulllog" => StepAsync(
                options,
                Enumerable.Range(0, 10).Select(i => new WorkItem("child", new ChildPayload(5, Chunks: 5)) { Id = $"item-{i}" }),
                end),
            _ => throw new ArgumentException($"There is no workload {workload}."),
        });
        return 0;
    }

    /// <summary>The file comes into being, is closed and opened again.</summary>
    private static async Task CreateAsync(RoostOptions options)
    {
        for (int time = 0; time < 2; time++)
        {
            await using RoostRuntime roost = Open(options);
            for (int i = 0; i < 3; i++) await EnqueueOneAsync(roost, new WorkItem("child", new ChildPayload(2)) { Id = $"item-{time}-{i}" });
        }
    }

    /// <summary>Many callers enqueue at once, one item or some, small and large, some of them twice.</summary>
    private static async Task EnqueueAsync(RoostOptions options, Random random, bool early)
    {
        await using RoostRuntime roost = Open(options);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(caller, new Random(random.Next())))));

        async Task CallAsync(int caller, Random own)
        {
            for (int i = 0; i < 20; i++)
            {
                var items = Enumerable
                    .Range(0, own.Next(4) == 0 ? own.Next(1, 10) : 1)
                    .Select(n => new WorkItem("child", new { steps = 1, note = new string('n', own.Next(4) == 0 ? own.Next(20_000) : 10) })
                    {
                        Id = $"item-{caller}-{i}-{n}",
                        IdempotencyKey = own.Next(3) == 0 ? $"key-{caller}-{i}-{n}" : null,
                    })
                    .ToList();
                if (early)
                    items.ForEach(item => ChildProgram.SayEnqueued(item.Id, item));
                if (items.Count > 1)
                {
                    await roost.EnqueueAsync(items);
                    items.ForEach(item => ChildProgram.SayEnqueued(item.Id, item));
                }
                else await EnqueueOneAsync(roost, items[0]);
                if (items[0].IdempotencyKey is not null) await EnqueueOneAsync(roost, items[0]);
            }
        }
    }

    /// <summary>Items come while others are stepped, until all are done.</summary>
    private static async Task StepAsync(RoostOptions options, IEnumerable<WorkItem> items, CancellationToken end)
    {
        await using RoostRuntime roost = Open(options);
        await using var loop = new Loop(roost, end);
        await RunAsync(roost, items);
    }

    /// <summary>
    /// The log is moved to the file while the loop is idle, after a purge that makes the file smaller, and when it is closed; and is begun anew.
    /// </summary>
    private static async Task CheckpointAsync(RoostOptions options, CancellationToken end)
    {
        for (int time = 0; time < 2; time++)
        {
            await using RoostRuntime roost = Open(options);
            await using var loop = new Loop(roost, end);
            for (int round = 0; round < 2; round++)
            {
                string prefix = $"item-{time}-{round}-";
                DateTime before = File.GetLastWriteTimeUtc(roost.Path);
                await RunAsync(roost, Enumerable.Range(0, 110).Select(i => new WorkItem("child", new ChildPayload(1)) { Id = $"{prefix}{i}" }));
                while (File.GetLastWriteTimeUtc(roost.Path) == before) await Task.Delay(10, end);
                if (round == 1) continue;
                ChildProgram.Say("purging");
                await roost.PurgeAsync(new PurgeFilter(TimeSpan.Zero), cancellationToken: end);
                ChildProgram.Say("purged");
            }
        }
    }

    /// <summary>A file of the first schema, whole on the disk, is opened.</summary>
    private static async Task MigrateAsync(RoostOptions options)
    {
        string path = options.Path!, old = $"{path}.old";
        await FixtureFile.UnpackAsync(FixtureFile.Kept().First(), old);
        using (FileStream file = File.OpenWrite(old)) file.Flush(flushToDisk: true);
        File.Move(old, path);
        FolderSync.Run(Path.GetDirectoryName(path)!);
        ChildProgram.Say("open");
        await using var roost = new RoostRuntime(options);
        ChildProgram.Say("migrated");
        await EnqueueOneAsync(roost, new WorkItem("child", new ChildPayload(1)) { Id = "new" });
    }

    /// <summary>A copy is made while items come.</summary>
    private static async Task BackUpAsync(RoostOptions options, CancellationToken end)
    {
        await using RoostRuntime roost = ChildVerbs.Open(options, TimeSpan.FromSeconds(1));
        await using var loop = new Loop(roost, end);
        await RunAsync(roost, Enumerable.Range(0, 10).Select(i => new WorkItem("child", new ChildPayload(2, Chunks: i % 3)) { Id = $"before-{i}" }));
        ChildProgram.Say("open");
        Task copying = roost.BackupAsync(options.Path + CopySuffix, end);
        for (int i = 0; !copying.IsCompleted; i++) await EnqueueOneAsync(roost, new WorkItem("child", new ChildPayload(1)) { Id = $"beside-{i}" });
        await copying;
        ChildProgram.Say("copied");
        await EnqueueOneAsync(roost, new WorkItem("child", new ChildPayload(1)) { Id = "behind" });
    }

    private static async Task RunAsync(RoostRuntime roost, IEnumerable<WorkItem> items)
    {
        var ids = new List<string>();
        foreach (WorkItem item in items)
        {
            ids.Add(await EnqueueOneAsync(roost, item));
        }
        foreach (string id in ids)
        {
            await roost.WaitAsync(id, Patience);
            ChildProgram.Say($"done {id}");
        }
    }

    private static RoostRuntime Open(RoostOptions options)
    {
        RoostRuntime roost = ChildVerbs.Open(options, TimeSpan.FromSeconds(1));
        ChildProgram.Say("open");
        return roost;
    }

    private static async Task<string> EnqueueOneAsync(RoostRuntime roost, WorkItem item)
    {
        string id = await roost.EnqueueAsync(item);
        ChildProgram.SayEnqueued(id, item);
        return id;
    }

    /// <summary>The loop of a runtime from here to the end of the block.</summary>
    private sealed class Loop : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop;
        private readonly Task running;

        public Loop(RoostRuntime roost, CancellationToken end)
        {
            stop = CancellationTokenSource.CreateLinkedTokenSource(end);
            running = roost.RunAsync(stop.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await running;
            stop.Dispose();
        }
    }
}
