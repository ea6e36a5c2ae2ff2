using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Processes that are stopped for longer than their lease, are given up by the others, and go on as if nothing had happened.</summary>
[TestFixture, Category("Reliability"), Parallelizable(ParallelScope.Children), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ZombieTests : FolderFixture
{
    private const int Living = 6, StoppedAtOnce = 4;

    [Test]
    public async Task Nothing_lands_of_workers_that_were_stopped_beyond_their_lease_and_they_work_again()
    {
        int seed = Effort.Seed(), stops = Effort.Times(4, 200), displaced = 0;
        var random = new Random(seed);
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(Living, TimeSpan.FromSeconds(1));
        for (int stopped = 0; stopped < stops; stopped += StoppedAtOnce)
        {
            await workers.EnqueueAsync(random, 60, delays: true);
            await workers.BusyAsync();
            await Task.Delay(random.Next(200)); // The moment is what is random here; nothing waits for it.
            ChildProcess[] victims = Some(workers, random, StoppedAtOnce);
            await workers.StopInStepsAsync(victims);
            displaced += await workers.DisplacedAsync(victims);
            await Workers.SignalAsync(victims, "CONT");
            await workers.SeatedAsync();
        }
        int[] before = [.. workers.All.Select(child => child.Lines.Count)];
        await workers.EnqueueAsync(random, 80, delays: false);
        await workers.MustHaveDoneEverythingAsync();

        displaced.Should().BeGreaterThanOrEqualTo(stops / 2, "most held a lease when they were stopped");
        workers
            .All.Select((child, i) => child.Lines.Count - before[i])
            .Should()
            .OnlyContain(more => more > 0, "who was displaced works again under a new seat");
        Effort.Report($"{stops} stops beyond the lease, {displaced} of them displaced, nothing of them landed");
    }

    [Test]
    public async Task Workers_that_are_stopped_anywhere_even_while_they_write_lose_and_double_nothing()
    {
        int seed = Effort.Seed(), stops = Effort.Times(2, 100);
        var random = new Random(seed);
        await using var workers = new Workers(folder["roost.db"]);
        await workers.StartAsync(3, TimeSpan.FromSeconds(1));
        for (int stopped = 0; stopped < stops; stopped += 2)
        {
            await workers.EnqueueAsync(random, 60, delays: true);
            await Task.Delay(random.Next(300)); // The moment is what is random here; nothing waits for it.
            ChildProcess[] victims = Some(workers, random, 2);
            await Workers.SignalAsync(victims, "STOP");
            await Task.Delay(random.Next(1000, 2500)); // Stopped in a transaction they block everybody, so that there is nothing in the file to wait for.
            await Workers.SignalAsync(victims, "CONT");
        }
        await workers.MustHaveDoneEverythingAsync();
        Effort.Report($"{stops} stops at any moment for 1.0 to 2.5 s at a lease of 1 s, nothing lost or doubled");
    }

    [Test]
    public async Task Who_is_stopped_in_a_transaction_keeps_others_from_writing_until_it_goes_on_and_they_are_told()
    {
        string path = folder["roost.db"];
        var log = new WaitingLog("could not be saved");
        var go = new TaskCompletionSource();
        int calls = 0;
        await using RoostRuntime roost = new RoostRuntime(
            new RoostOptions
            {
                Path = path,
                BusyTimeout = TimeSpan.FromSeconds(1),
                LoggerFactory = log,
            }
        ).AddEngine(
            new ScriptedEngine(
                async (state, _) =>
                {
                    Interlocked.Increment(ref calls);
                    await go.Task;
                    return ScriptedEngine.Finish(state + 1);
                }
            )
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> done = roost.RunUntilDoneAsync(id);
        await using ChildProcess other = ChildProcess.Start("enqueue-many", path, "0", "0");
        await other.WaitForAsync("enqueued");
        await Workers.StopInTransactionAsync(path, other);

        await roost.Awaiting(it => it.EnqueueAsync(new WorkItem("e"))).Should().ThrowAsync<FileBusyException>();
        go.SetResult();
        await log.Seen.WaitAsync(Gate.Patience);
        (await roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Running, "reads go on");
        await other.SignalAsync("CONT");

        (await done.WaitAsync(Gate.Patience)).State.Should().Be(WorkState.Done);
        calls.Should().Be(1, "what was done is saved later and not done again");
        (await roost.EnqueueAsync(new WorkItem("e"))).Created.Should().BeTrue();
        FileAudit.MustHold(path, await other.StopAsync());
        FileAudit.MustAgree(path);
    }

    [Test]
    public async Task A_lock_file_that_a_killed_process_left_says_that_it_is_dead_and_goes()
    {
        string path = folder["roost.db"], id;
        await using (var roost = new RoostRuntime(path)) id = await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(3, Waits: true)));
        await using ChildProcess killed = ChildProcess.Start("work", path, "30000");
        await killed.WaitForAsync($"saw {id} 2");
        await killed.KillAsync();
        string[] left = Directory.GetFiles(folder.Root, "*.lock");
        left.Should().ContainSingle("the kernel drops the lock with the process, and the file stays");

        long since = Stopwatch.GetTimestamp();
        await using ChildProcess next = ChildProcess.Start("work", path, "30000");
        await next.WaitForAsync($"saw {id} 2");

        Stopwatch.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromSeconds(10), "its lease of 30 s need not be waited for");
        File.Exists(left[0]).Should().BeFalse();
        Directory.GetFiles(folder.Root, "*.lock").Should().ContainSingle("the new worker has its own");
    }

    private static ChildProcess[] Some(Workers workers, Random random, int count)
    {
        ChildProcess[] all = [.. workers.All];
        random.Shuffle(all);
        return all[..count];
    }
}
