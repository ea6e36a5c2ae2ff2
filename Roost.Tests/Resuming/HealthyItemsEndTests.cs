using System.Collections.Concurrent;
using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// What is broken for good holds up nothing that is not. On a push that the healthy items end is what is held; that they do so within three times their
/// time alone is claimed with the full counts only, for a machine that does other things would break it without a fault.
/// </summary>
[TestFixture, Category("Resuming")]
internal sealed class HealthyItemsEndTests : FolderFixture
{
    private const int Workers = 2, MostTimes = 3, StepsOfAnItem = 10;

    /// <summary>As many in each worker as threads that it begins with, if these are not more than half of its slots.</summary>
    private static readonly int Blocking = Workers * Math.Min(Environment.ProcessorCount, FaultyWorker.Slots / 2);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly int Items = Effort.Times(30, 200), StepMs = Effort.Times(10, 40), MaxInterruptions = Effort.Times(3, 5);

    [Test]
    public async Task Items_beside_whatever_is_broken_for_good_end()
    {
        TimeSpan alone = default;
        if (Effort.IsFull) (alone, _) = await RunAsync(folder["alone-roost.db"], isFaulty: false);

        (TimeSpan together, int deaths) = await RunAsync(folder["roost.db"], isFaulty: true);

        deaths.Should().BePositive("a worker has died");
        string times = Effort.IsFull ? $"; alone {alone.TotalSeconds:N1} s, so {together / alone:N2} times that" : "";
        Effort.Report($"{Items} healthy items of {StepsOfAnItem} steps ended within {together.TotalSeconds:N1} s beside {deaths} deaths of workers{times}");
        if (Effort.IsFull) together.Should().BeLessThan(MostTimes * alone);
    }

    /// <summary>How long the healthy items took, once the workers were there, and how often one of these died.</summary>
    private static async Task<(TimeSpan Time, int Deaths)> RunAsync(string path, bool isFaulty)
    {
        await using var roost = new RoostRuntime(FaultyWorker.Options(path, MaxInterruptions));
        if (isFaulty) await BreakAsync(roost);
        using var stop = new CancellationTokenSource();
        var open = new ConcurrentBag<string>();
        int deaths = 0;
        Task[] workers = [.. Enumerable.Range(0, Workers).Select(_ => KeepAliveAsync())];
        await Waiting.Until(() => open.Count >= Workers);

        long since = Stopwatch.GetTimestamp();
        string[] healthy = [.. (await roost.EnqueueAsync(Enumerable.Range(0, Items)
            .Select(_ => new WorkItem(FaultyWorker.Healthy, new FaultyWorker.Work(StepsOfAnItem, StepMs))))).Select(item => item.Id)];
        WorkSummary[] ended = await Task.WhenAll(healthy.Select(id => roost.WaitAsync(id, Patience)));
        TimeSpan took = Stopwatch.GetElapsedTime(since);

        ended.Should().OnlyContain(item => item.State == WorkState.Done);
        if (isFaulty) await MustBeBrokenAsync(roost, healthy, deaths);
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        if (isFaulty) Exchange(roost, "9", "1"); // Nothing else is damaged.
        FileAudit.MustAgree(path);
        return (took, deaths);

        // What starts a host again when it has died.
        async Task KeepAliveAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                await using ChildProcess worker = ChildProcess.StartWith(ChildProcess.Brief, "faulty", path, $"{MaxInterruptions}");
                Task died = worker.EndAsync(Timeout.InfiniteTimeSpan);
                await Task.WhenAny(worker.WaitForAsync("open"), died);
                open.Add("");
                await Task.WhenAny(died, Task.Delay(Timeout.InfiniteTimeSpan, stop.Token));
                if (died.IsCompleted) Interlocked.Increment(ref deaths);
            }
        }
    }

    /// <summary>All of it is there before the healthy items come.</summary>
    private static async Task BreakAsync(RoostRuntime roost)
    {
        IEnumerable<WorkItem> Some(string engine, int count) => Enumerable.Range(0, count).Select(n => new WorkItem(engine) { Id = $"{engine}-{n}" });
        await roost.EnqueueAsync(
        [
            .. Some(FaultyWorker.Dies, 1), .. Some(FaultyWorker.Hangs, Workers * FaultyWorker.Slots), .. Some(FaultyWorker.Blocks, Blocking),
            .. Some(FaultyWorker.Asks, 20), .. Some(FaultyWorker.Waits, 1), new WorkItem(FaultyWorker.Healthy, new FaultyWorker.Work(1, 1)) { Id = "corrupt" },
            .. Enumerable.Range(0, 200).Select(_ => new WorkItem(FaultyWorker.Healthy, new FaultyWorker.Work(1, 1)) { Queue = "nobody's" }),
        ]);
        Exchange(roost, "1", "9");
        for (int i = 0; i < FaultyWorker.MailboxSize; i++) await roost.SignalAsync($"{FaultyWorker.Waits}-0", "other", i);
    }

    private static void Exchange(RoostRuntime roost, string digit, string other) => roost.Execute(
        "UPDATE roost_work_input SET payload = replace(payload, $0, $1) WHERE work = (SELECT key FROM roost_work WHERE id = 'corrupt')", digit, other);

    /// <summary>Nothing of it has been mended or has gone away, and all that it did to the healthy ones is to take their workers away.</summary>
    private static async Task MustBeBrokenAsync(RoostRuntime roost, string[] healthy, int deaths)
    {
        await roost.WaitAsync("corrupt", Patience);
        foreach (WorkSummary item in roost.Items().Where(item => !healthy.Contains(item.Id)))
            item.State.Should().BeOneOf([WorkState.Queued, WorkState.Running, WorkState.Waiting, WorkState.Failed], item.Id);
        (await roost.GetAsync("corrupt")).LastFailure!.Reason.Should().Be(FailReasons.CorruptPayload);
        (await roost.GetCountsAsync()).Total.Ready.Should().BeGreaterThanOrEqualTo(200, "nobody serves their queue");
        (await roost.ListAsksAsync()).Items.Should().NotBeEmpty("nobody answers them");
        await roost.Awaiting(it => it.SignalAsync($"{FaultyWorker.Waits}-0", "other")).Should().ThrowAsync<RoostException>("its mailbox is full");
        List<WorkEvent> interrupted = roost.Events(EventKinds.Interrupted, EventKinds.StepFailed).FindAll(one => healthy.Contains(one.WorkId));
        interrupted.Should().NotContain(one => one.Kind == EventKinds.StepFailed).And.HaveCountLessThanOrEqualTo(deaths * FaultyWorker.Slots);
    }
}
