using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class CrashTests : FolderTests
{
    private const int Kills = 25;
    private const int AcknowledgedEach = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public async Task Killing_workers_at_random_moments_loses_nothing_that_was_acknowledged()
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new List<string>();
        var workers = new Queue<ChildProcess>();
        try
        {
            for (int i = 0; i < Kills + 1; i++)
            {
                workers.Enqueue(ChildProcess.Start("crash", path, $"{random.Next()}"));
                if (workers.Count < 2) continue;
                ChildProcess victim = workers.Dequeue();
                await victim.WaitForLinesAsync(AcknowledgedEach);
                await Task.Delay(random.Next(150)); // The moment of the kill is what is random here; nothing waits for it.
                acknowledged.AddRange(await victim.KillAsync());
                await victim.DisposeAsync();
            }
            await workers.Peek().WaitForLinesAsync(AcknowledgedEach);
            acknowledged.AddRange(await workers.Peek().KillAsync());
        }
        finally
        {
            foreach (ChildProcess worker in workers) await worker.DisposeAsync();
        }

        acknowledged.Should().HaveCountGreaterThan(Kills * AcknowledgedEach, "the children have to get something done between the kills");
        FileAudit.MustHold(path, acknowledged);
        FileAudit.MustAgree(path);
        await DrainAsync();
        await SweepAsync();
        FileAudit.MustHold(path, acknowledged);
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
        FileAudit.Count(path, "work WHERE state <> 'done'").Should().Be(0, "every item ends done");
    }

    [Test]
    public async Task A_standing_by_worker_takes_over_from_a_killed_one_long_before_its_lease_ends()
    {
        string id = await EnqueueAsync(new ChildPayload(3, Waits: true));
        await using ChildProcess first = ChildProcess.Start("work", path, "30000");
        await first.WaitForAsync($"saw {id} 2");
        await using ChildProcess second = ChildProcess.Start("work", path, "30000");
        await second.WaitForAsync("open");
        await WorkersAsync(2);

        long killed = Stopwatch.GetTimestamp();
        await first.KillAsync();
        await second.WaitForAsync($"saw {id} 2");

        TimeSpan takeover = Stopwatch.GetElapsedTime(killed);
        TestContext.Out.WriteLine($"takeover after {takeover.TotalMilliseconds:N0} ms");
        takeover.Should().BeLessThan(TimeSpan.FromSeconds(5), "the kernel drops the lock of a dead process; nobody waits for the lease of 30 s");
    }

    [Test]
    public async Task A_step_that_kills_its_process_ends_in_the_dead_letters_and_its_bystanders_do_not()
    {
        string poison = await EnqueueAsync(new ChildPayload(3, Poison: true));
        for (int i = 0; i < 16; i++) await EnqueueAsync(new ChildPayload(30, DelayMs: 20));

        int deaths = 0;
        while (FileAudit.Count(path, "work WHERE state IN ('queued', 'running')") > 0 && deaths < 20)
        {
            await using ChildProcess worker = ChildProcess.Start("work", path, "30000");
            Task ended = worker.EndAsync();
            while (!ended.IsCompleted && FileAudit.Count(path, "work WHERE state IN ('queued', 'running')") > 0) await Task.WhenAny(ended, Task.Delay(100));
            if (ended.IsCompleted) deaths++;
            else await worker.StopAsync();
        }

        deaths.Should().Be(5, "the limit on interruptions");
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>("SELECT w.id FROM work w JOIN failure f ON f.work = w.key WHERE w.state = 'failed' AND f.reason = 'interrupted'").Should().Equal(poison);
        file.ExecuteScalar<long>("SELECT count(*) FROM work WHERE state = 'done'").Should().Be(16);
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
    }

    [Test]
    public async Task Two_processes_on_one_file_share_the_work()
    {
        await using (new RoostRuntime(path)) { }
        await using ChildProcess first = ChildProcess.Start("work", path, "30000");
        await using ChildProcess second = ChildProcess.Start("work", path, "30000");
        await WorkersAsync(2);
        await using (var roost = new RoostRuntime(path))
            await roost.EnqueueAsync(Enumerable.Range(0, 100).Select(_ => new WorkItem("child", new ChildPayload(5, DelayMs: 50))));
        await EndedAsync();

        IReadOnlyList<string> byFirst = await first.StopAsync(), bySecond = await second.StopAsync();
        FileAudit.MustHold(path, [.. byFirst, .. bySecond]);
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
        byFirst.Count.Should().BeGreaterThan(25, "each has its share");
        bySecond.Count.Should().BeGreaterThan(25, "each has its share");
        (byFirst.Count + bySecond.Count).Should().Be(2 + 100 * 5, "no step ran twice");
    }

    [Test]
    public async Task Sixteen_processes_that_create_one_file_at_once_agree_on_one_schema()
    {
        ChildProcess[] children = [.. Enumerable.Range(0, 16).Select(_ => ChildProcess.Start("enqueue", path))];
        await Task.WhenAll(children.Select(child => child.WaitForAsync("ready")));
        foreach (ChildProcess child in children) child.CloseInput();

        var said = new List<string>();
        foreach (ChildProcess child in children)
        {
            said.AddRange(await child.EndAsync());
            child.ExitCode.Should().Be(0, child.Errors);
            await child.DisposeAsync();
        }

        said.Count(line => line.StartsWith("enqueued", StringComparison.Ordinal)).Should().Be(16);
        FileAudit.MustHold(path, said);
        FileAudit.MustAgree(path);
        FileAudit.Count(path, "meta WHERE key = 'file_id'").Should().Be(1);
        Directory.GetFiles(folder.Root).Should().Equal(path);
    }

    [Test]
    public async Task Nothing_lands_of_a_worker_that_was_stopped_beyond_its_lease()
    {
        string id = await EnqueueAsync(new ChildPayload(20, StepMs: 100));
        await using ChildProcess stopped = ChildProcess.Start("work", path, "1000");
        await stopped.WaitForAsync($"saw {id} 4");
        await StopInAStepAsync(stopped);
        long version = LastVersion(id);
        await using ChildProcess other = ChildProcess.Start("work", path, "1000");
        await other.WaitForAsync($"saw {id} {version}");

        await stopped.SignalAsync("CONT");
        await EndedAsync();

        await stopped.StopAsync();
        FileAudit.MustHold(path, await other.StopAsync());
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<long>("SELECT DISTINCT data ->> 'by' FROM snapshot WHERE version > @version", new { version }).Should().Equal(other.Id);
    }

    [Test]
    public async Task A_worker_that_wakes_after_it_was_displaced_works_again_under_a_new_seat()
    {
        string first = await EnqueueAsync(new ChildPayload(3, Waits: true));
        await using ChildProcess stopped = ChildProcess.Start("work", path, "1000");
        await stopped.WaitForAsync($"saw {first} 2");
        await StopInAStepAsync(stopped);
        await using (ChildProcess other = ChildProcess.Start("work", path, "1000"))
        {
            await other.WaitForAsync($"saw {first} 2");
            await stopped.SignalAsync("CONT");
            await other.StopAsync(); // A second death would make the waiting item run alone, and the next one would never get its turn.
        }

        string second = await EnqueueAsync(new ChildPayload(3));
        await stopped.WaitForAsync($"saw {second} 3");
        await WorkersAsync(1);

        FileAudit.MustAgree(path);
    }

    /// <summary>Stops the process where it holds no lock of the file: stopped in a transaction it would block everybody, whoever it is.</summary>
    private async Task StopInAStepAsync(ChildProcess worker)
    {
        await worker.SignalAsync("STOP");
        while (!IsWritable())
        {
            await worker.SignalAsync("CONT");
            await worker.SignalAsync("STOP");
        }
    }

    private bool IsWritable()
    {
        using SqliteConnection file = FileAudit.Open(path);
        file.DefaultTimeout = 1;
        try
        {
            file.Execute("BEGIN IMMEDIATE; ROLLBACK");
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private long LastVersion(string id)
    {
        using SqliteConnection file = FileAudit.Open(path);
        return file.ExecuteScalar<long>("SELECT version FROM work WHERE id = @id", new { id });
    }

    private async Task<string> EnqueueAsync(ChildPayload payload)
    {
        await using var roost = new RoostRuntime(ChildVerbs.Options(path));
        return await roost.EnqueueAsync(new WorkItem("child", payload));
    }

    private async Task DrainAsync()
    {
        await using RoostRuntime roost = new RoostRuntime(ChildVerbs.Options(path) with { MaxInterruptions = 1000 }).AddEngine(new ChildEngine(_ => { }));
        while (await roost.RunUntilIdleAsync().WaitAsync(Patience) is { } due)
            if (due - DateTimeOffset.UtcNow is { } left && left > TimeSpan.Zero) await Task.Delay(left);
    }

    /// <summary>Who is killed between rescuing a dead worker and removing its lock leaves the lock behind; a later start sweeps what is old.</summary>
    private async Task SweepAsync()
    {
        foreach (string file in Directory.GetFiles(folder.Root, "*.lock")) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        await DrainAsync();
    }

    private Task EndedAsync() => UntilAsync(() => FileAudit.Count(path, "work WHERE state IN ('queued', 'running')") == 0);

    private Task WorkersAsync(int n) => UntilAsync(() => FileAudit.Count(path, "worker") == n);

    /// <summary>Another process cannot tell this one; the file is looked at until it says so.</summary>
    private static async Task UntilAsync(Func<bool> met)
    {
        long since = Stopwatch.GetTimestamp();
        while (!met())
        {
            Stopwatch.GetElapsedTime(since).Should().BeLessThan(Patience, "a child has to get there");
            await Task.Delay(20);
        }
    }
}
