using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>Many callers, several runtimes, one file.</summary>
internal sealed class ConcurrencyTests(StoreHost host) : ConformanceTests(host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Two_runtimes_on_one_file_in_one_process_step_each_version_once()
    {
        var steps = new ConcurrentBag<(string, int)>();
        ScriptedEngine Engine() => ScriptedEngine.From((state, context) =>
        {
            steps.Add((context.Item.Id, context.Version));
            return state == 9 ? ScriptedEngine.Finish(10) : ScriptedEngine.GoOn(state + 1);
        });
        await using RoostRuntime first = await OpenAsync(null, Engine());
        await using RoostRuntime second = await BesideAsync(first, Engine());
        IReadOnlyList<EnqueueResult> items = await first.EnqueueAsync(Enumerable.Range(0, 50).Select(_ => new WorkItem("scripted")));
        using var stop = new CancellationTokenSource();
        Task[] loops = [first.RunAsync(stop.Token), second.RunAsync(stop.Token)];

        foreach (EnqueueResult item in items) (await second.WaitAsync(item.Id, Patience)).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await Task.WhenAll(loops).WaitAsync(Patience);

        steps.Should().HaveCount(500).And.OnlyHaveUniqueItems();
        MustAgree(first);
        Host.MustHaveNoLeftovers(first);
    }

    [Test]
    public async Task A_request_that_throws_leaves_its_neighbours_in_the_batch_alone()
    {
        await using RoostRuntime roost = await OpenAsync(null);
        await roost.EnqueueAsync(new WorkItem("e") { Id = "taken" });

        Task<EnqueueResult>[] callers =
        [
            .. Enumerable.Range(0, 100).Select(i => roost.EnqueueAsync(i % 10 == 5 ? new WorkItem("e") { Id = "taken" } : new WorkItem("e"))),
        ];
        await Task.WhenAll(callers).WaitAsync(Patience).ContinueWith(_ => { }, TaskScheduler.Default);

        callers.Where((_, i) => i % 10 == 5).Should().OnlyContain(caller => caller.Exception!.InnerException is ConflictException);
        callers.Where((_, i) => i % 10 != 5).Should().OnlyContain(caller => caller.IsCompletedSuccessfully);
        roost.Totals().Total.Should().Be(91);
        MustAgree(roost);
    }

    [Test]
    public async Task A_worker_that_was_declared_dead_claims_nothing_before_it_has_a_new_seat()
    {
        FakeTimeProvider clock = TestRuntime.Clock(), othersClock = TestRuntime.Clock();
        var started = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        Exception? wrong = null;
        var slow = new ScriptedEngine(async (state, _) =>
        {
            started.TrySetResult();
            await go.Task;
            return ScriptedEngine.Finish(state + 1);
        });
        RoostRuntime late = await OpenAsync(clock, slow);
        await using (late)
        {
            late.AddEngine(ScriptedEngine.From((state, _) =>
            {
                wrong = Catch(() => MustAgree(late));
                return ScriptedEngine.Finish(state + 1);
            }, "mine"));
            using var stop = new CancellationTokenSource();
            string first = await late.EnqueueAsync(new WorkItem("scripted"));
            Task loop = late.RunAsync(stop.Token);
            await started.Task.WaitAsync(Patience);
            await TakeOverAsync(late, othersClock, first);

            go.SetResult();
            string second = await late.EnqueueAsync(new WorkItem("mine"));
            Task<WorkSummary> done = late.WaitAsync(second);
            await TickUntilAsync(clock, done);

            wrong.Should().BeNull("the row of its worker is there while it steps");
            await stop.CancelAsync();
            await loop.WaitAsync(Patience);
        }
    }

    private async Task TakeOverAsync(RoostRuntime from, FakeTimeProvider clock, string workId)
    {
        await using RoostRuntime other = await BesideAsync(from, from.Options with { TimeProvider = clock }, ScriptedEngine.CountingTo(1));
        using var stop = new CancellationTokenSource();
        Task loop = other.RunAsync(stop.Token);
        await TickUntilAsync(clock, other.WaitAsync(workId));
        await stop.CancelAsync();
        await loop.WaitAsync(Patience);
    }

    private static async Task TickUntilAsync(FakeTimeProvider clock, Task<WorkSummary> done)
    {
        for (int i = 0; i < 2000 && !done.IsCompleted; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(done, Task.Delay(10));
        }
        (await done.WaitAsync(Patience)).State.Should().Be(WorkState.Done);
    }

    private static Exception? Catch(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
