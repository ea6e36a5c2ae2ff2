using System.Collections.Concurrent;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// The writer remembers what an item that has gone back behind its equals will need; whatever happens meanwhile, its next step gets the truth.
/// </summary>
[TestFixture, Category("Reliability")]
internal sealed class RestingItemTests : FolderFixture
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> wrong = new();

    [SetUp]
    public void Forget() => wrong.Clear();

    [Test]
    public async Task After_batches_that_were_rolled_back()
    {
        int rounds = Effort.Times(5, 100), refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            await using RoostRuntime roost = TestRuntime.Create(RestingItems.Options(new()), null, Counting(RestingItems.Steps));
            await roost.EnqueueAsync(RestingItems.All());
            using var stop = new CancellationTokenSource();
            Task<int>[] callers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => BeRefusedAsync(roost, stop.Token)))];

            await roost.RunUntilIdleAsync().WaitAsync(Patience);
            await stop.CancelAsync();

            refused += (await Task.WhenAll(callers)).Sum();
            wrong.Should().BeEmpty();
            roost
                .Items(new() { State = WorkState.Done })
                .Should()
                .HaveCount(RestingItems.Items)
                .And.OnlyContain(item => item.Version == RestingItems.Steps + 1);
            FileAudit.MustAgree(roost.Path);
        }
        refused.Should().BeGreaterThan(rounds, "requests that throw roll their batch back, and the steps' commits in it run again");
        Effort.Report($"{rounds} rounds, {rounds * RestingItems.Items * RestingItems.Steps:N0} steps beside {refused:N0} refused requests");
    }

    [Test]
    public async Task After_its_priority_was_changed_here() => await ChangedAsync(false, (roost, _) => roost.SetPriorityAsync("rests", 7), 7);

    [Test]
    public async Task After_its_priority_was_changed_by_another() => await ChangedAsync(false, (_, other) => other.SetPriorityAsync("rests", 7), 7);

    [Test]
    public async Task After_another_has_stepped_it() => await ChangedAsync(false, (_, other) => other.StepOnceAsync());

    [Test]
    public async Task After_another_has_failed_and_retried_it() => await ChangedAsync(true, async (_, other) =>
    {
        await other.StepOnceAsync();
        await other.RetryAsync("rests");
    });

    [Test]
    public async Task After_it_failed_elsewhere_and_was_retried_here() => await ChangedAsync(true, async (roost, other) =>
    {
        await other.StepOnceAsync();
        await roost.RetryAsync("rests");
    });

    [Test]
    public async Task After_it_was_cancelled_here_it_steps_no_more() => await CancelledAsync((roost, _) => roost.CancelAsync("rests"));

    [Test]
    public async Task After_it_was_cancelled_by_another_it_steps_no_more() => await CancelledAsync((_, other) => other.CancelAsync("rests"));

    [TestCase("Sync", false)]
    [TestCase("Write", false)]
    [TestCase("Write", true)]
    public async Task After_a_disk_that_failed(string calls, bool full)
    {
        string library = await FaultShim.CompileAsync(folder.Root);
        int seed = Effort.Seed(), tries = Effort.Times(1, 25);
        var random = new Random(seed);
        for (int i = 0; i < tries; i++)
        {
            string path = Path.Combine(Directory.CreateDirectory(folder[$"{i}"]).FullName, "roost.db");
            await using (var roost = new RoostRuntime(path)) await roost.EnqueueAsync(RestingItems.All());
            var fault = new Fault(Enum.Parse<DiskCalls>(calls), DiskFiles.Stored, random.Next(1, 100), random.Next(1, 4), full);
            await using ChildProcess child = ChildProcess.StartWith(FaultShim.Environment(library), ["rest", path, .. fault.ToString().Split(' ')]);
            await child.WaitForAsync("end");
            IReadOnlyList<string> said = await child.StopAsync();

            said.Where(line => line.StartsWith("wrong", StringComparison.Ordinal)).Should().BeEmpty();
            Probe.Number(path, "SELECT count(*) FROM roost_work WHERE state = 'done' AND version = $0", RestingItems.Steps + 1).Should().Be(RestingItems.Items);
            FileAudit.MustAgree(path);
            FileAudit.MustHaveNoLeftovers(path);
        }
        Effort.Report($"{tries} disks of which a {calls} failed");
    }

    /// <summary>While "runs" steps and "rests" rests, something is done to the latter.</summary>
    private async Task ChangedAsync(bool fails, Func<RoostRuntime, RoostRuntime, Task> change, int priority = 0)
    {
        int seenPriority = -1, changedAt = -1;
        RoostRuntime? other = null, roost = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            Check(state, context);
            if (changedAt >= 0 && context.Item.Id == "rests" && seenPriority < 0) seenPriority = context.Item.Priority;
            if (changedAt < 0 && state == 5 && context.Item.Id == "runs")
            {
                await change(roost!, other!);
                changedAt = state;
            }
            return state == 10 ? ScriptedEngine.Finish(state + 1) : ScriptedEngine.GoOn(state + 1);
        });
        await using (roost = TestRuntime.Create(RestingItems.Options(new()), TestRuntime.Clock(), engine))
        await using (other = TestRuntime.Beside(roost, fails ? Failing() : Counting(11)))
        {
            await roost.EnqueueAsync([new WorkItem("scripted") { Id = "rests" }, new WorkItem("scripted") { Id = "runs" }]);
            await roost.RunUntilIdleAsync().WaitAsync(Patience);

            changedAt.Should().Be(5);
            wrong.Should().BeEmpty();
            seenPriority.Should().Be(priority);
            roost.Items(new() { State = WorkState.Done }).Should().HaveCount(2).And.OnlyContain(item => item.Version == 12);
            FileAudit.MustAgree(roost.Path);
        }
    }

    private async Task CancelledAsync(Func<RoostRuntime, RoostRuntime, Task> cancel)
    {
        bool cancelled = false;
        RoostRuntime? other = null, roost = null;
        var engine = new ScriptedEngine(async (state, context) =>
        {
            Check(state, context);
            if (cancelled && context.Item.Id == "rests") wrong.Enqueue("it steps though it was cancelled");
            if (state == 5 && context.Item.Id == "runs")
            {
                await cancel(roost!, other!);
                cancelled = true;
            }
            return state == 10 ? ScriptedEngine.Finish(state + 1) : ScriptedEngine.GoOn(state + 1);
        });
        await using (roost = TestRuntime.Create(RestingItems.Options(new()), TestRuntime.Clock(), engine))
        await using (other = TestRuntime.Beside(roost))
        {
            await roost.EnqueueAsync([new WorkItem("scripted") { Id = "rests" }, new WorkItem("scripted") { Id = "runs" }]);
            await roost.RunUntilIdleAsync().WaitAsync(Patience);

            wrong.Should().BeEmpty();
            roost.StateOf("rests").Should().Be(WorkState.Cancelled);
            roost.StateOf("runs").Should().Be(WorkState.Done);
            FileAudit.MustAgree(roost.Path);
        }
    }

    private ScriptedEngine Counting(int target) => ScriptedEngine.From((state, context) =>
    {
        Check(state, context);
        return state + 1 == target ? ScriptedEngine.Finish(state + 1) : ScriptedEngine.GoOn(state + 1);
    });

    private ScriptedEngine Failing() => ScriptedEngine.From((state, context) =>
    {
        Check(state, context);
        return ScriptedEngine.GiveUp("as the test says");
    });

    private void Check(int state, StepContext context)
    {
        if (state != context.Version - 1) wrong.Enqueue($"{context.Item.Id} version {context.Version} was given state {state}");
        if (context.Attempt != 1) wrong.Enqueue($"{context.Item.Id} version {context.Version} is at try {context.Attempt}");
    }

    private static async Task<int> BeRefusedAsync(RoostRuntime roost, CancellationToken over)
    {
        int n = 0;
        for (; !over.IsCancellationRequested; n++)
        {
            Task[] batch = [.. Enumerable.Range(0, 4).Select(_ => (Task)roost.EnqueueAsync(new WorkItem("scripted") { Id = "item-0" }))];
            foreach (Task one in batch) await Artifacts.Ignoring(one);
        }
        return n * 4;
    }
}
