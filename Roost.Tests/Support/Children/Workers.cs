using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>Worker processes on one file, and what another process can see of them there.</summary>
internal sealed class Workers(string path) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<ChildProcess> all = [];

    public IReadOnlyList<ChildProcess> All => all;

    /// <summary>What they have logged, to be shown where a test fails.</summary>
    public string Log => string.Join('\n', all.Select(child => $"{child.Id}: {child.Errors}"));

    /// <summary>Starts some that never give an item up for its interruptions, and waits until they work.</summary>
    public async Task StartAsync(int count, TimeSpan lease, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using (new RoostRuntime(ChildVerbs.Options(path))) { }
        for (int i = 0; i < count; i++)
            all.Add(ChildProcess.StartWith(environment ?? new Dictionary<string, string>(), "work", path, $"{(int)lease.TotalMilliseconds}", "8", "1000"));
        foreach (ChildProcess child in all)
            await child.WaitForAsync("open");
        await SeatedAsync();
    }

    /// <summary>Enqueues some of the usual kinds, and one to be looked for.</summary>
    /// <returns>The id of the last, which goes before the others.</returns>
    public async Task<string> EnqueueAsync(Random random, int count, bool delays)
    {
        await using var roost = new RoostRuntime(ChildVerbs.Options(path));
        await roost.EnqueueAsync(Enumerable.Range(0, count).Select(_ => new WorkItem("child", AnyPayload())
        {
            Resources = random.Next(4) == 0 ? [$"r{random.Next(8)}"] : [],
            ResourceHold = random.Next(3) == 0 ? ResourceHold.Life : ResourceHold.Step,
        }));
        return await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(1)) { Priority = 100 });

        ChildPayload AnyPayload() => new(
            random.Next(1, 6),
            delays ? random.Next(30) : 0,
            random.Next(6) == 0,
            random.Next(6) == 0 && delays,
            random.Next(4) == 0,
            StepMs: random.Next(10, 700))
        {
            Streams = random.Next(10) == 0,
        };
    }

    /// <summary>Stops some where none of them holds a lock of the file: stopped in a transaction it would block everybody, whoever it is.</summary>
    public async Task StopInStepsAsync(IReadOnlyList<ChildProcess> victims)
    {
        do
        {
            await SignalAsync(victims, "CONT");
            await SignalAsync(victims, "STOP");
        }
        while (!IsWritable(path));
    }

    /// <summary>Stops one that writes all the time while it holds the lock of the file.</summary>
    public static async Task StopInTransactionAsync(string path, ChildProcess victim)
    {
        do
        {
            await victim.SignalAsync("CONT");
            await victim.SignalAsync("STOP");
        }
        while (IsWritable(path));
    }

    public static Task SignalAsync(IEnumerable<ChildProcess> children, string name) => Task.WhenAll(children.Select(child => child.SignalAsync(name)));

    /// <summary>Waits until none of these processes holds a lease.</summary>
    /// <returns>How many were declared dead; one that held nothing is left alone.</returns>
    public async Task<int> DisplacedAsync(IReadOnlyList<ChildProcess> victims)
    {
        string rows = $"roost_worker WHERE process_id IN ({string.Join(", ", victims.Select(child => child.Id))})";
        await UntilAsync(() => FileAudit.Count(path, $"roost_work WHERE worker IN (SELECT key FROM {rows})") == 0);
        return victims.Count - (int)FileAudit.Count(path, rows);
    }

    /// <summary>Waits until each of them holds a lease.</summary>
    public Task BusyAsync() =>
        UntilAsync(() => FileAudit.Count(path, "roost_worker w WHERE EXISTS (SELECT 1 FROM roost_work WHERE worker = w.key)") == all.Count);

    /// <summary>Waits until each has its seat, perhaps a new one.</summary>
    public Task SeatedAsync() => UntilAsync(() => FileAudit.Count(path, "roost_worker") == all.Count);

    /// <summary>Waits until everything has ended, for as long as something happens: after many rounds much is left to do.</summary>
    public async Task EndedAsync()
    {
        bool ended = false;
        while (!ended)
        {
            long seen = LastEvent();
            await UntilAsync(() => (ended = FileAudit.Count(path, "roost_work WHERE state IN ('queued', 'running')") == 0) || LastEvent() > seen);
        }
    }

    /// <summary>Waits until one item is done; how long that took.</summary>
    public async Task<TimeSpan> DoneAsync(string id)
    {
        long since = Stopwatch.GetTimestamp();
        await UntilAsync(() => FileAudit.Count(path, $"roost_work WHERE id = '{id}' AND state = 'done'") == 1);
        return Stopwatch.GetElapsedTime(since);
    }

    /// <summary>Stops them cleanly, and checks that everything has been done once and is there.</summary>
    public async Task MustHaveDoneEverythingAsync()
    {
        await EndedAsync();
        var said = new List<string>();
        foreach (ChildProcess child in all) said.AddRange(await child.StopAsync());
        FileAudit.MustHold(path, said);
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
        EventAudit.MustBeOrderly(path);
        FileAudit.Count(path, "roost_work WHERE state <> 'done'").Should().Be(0, "every item ends done");
        await ChildAudit.MustBeWholeAsync(path);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess child in all) await child.DisposeAsync();
    }

    /// <summary>Another process cannot tell this one; the file is looked at until it says so.</summary>
    private static async Task UntilAsync(Func<bool> met)
    {
        long since = Stopwatch.GetTimestamp();
        while (!met())
        {
            Stopwatch.GetElapsedTime(since).Should().BeLessThan(Patience, "the children have to get there");
            await Task.Delay(20);
        }
    }

    private long LastEvent() => Probe.Number(path, "SELECT max(seq) FROM roost_event");

    private static bool IsWritable(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        SQLitePCL.raw.sqlite3_busy_timeout(file.Handle!, 100);
        return SQLitePCL.raw.sqlite3_exec(file.Handle!, "BEGIN IMMEDIATE; ROLLBACK") == SQLitePCL.raw.SQLITE_OK;
    }
}
