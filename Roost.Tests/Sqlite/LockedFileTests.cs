using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A loop while another holds the write lock of the file.</summary>
[TestFixture]
internal sealed class LockedFileTests
{
    [Test]
    public async Task A_loop_that_ends_while_the_file_is_locked_claims_nothing_more()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { BusyTimeout = TimeSpan.FromSeconds(1) }, null, ScriptedEngine.CountingTo(1));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.Number("SELECT count(*) FROM roost_worker") == 1);
        using (roost.Lock())
        {
            await stop.CancelAsync();
            await loop.ContinueWith(_ => { }, TaskScheduler.Default).Soon();
        }

        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.EnqueueAsync(new WorkItem("elsewhere"));

        roost.EventsOf(id).Should().Equal("enqueued");
        Directory.GetFiles(Path.GetDirectoryName(roost.Path)!, "*.lock").Should().BeEmpty();
        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_loop_that_begins_while_the_file_is_locked_waits_for_it_and_says_so()
    {
        var log = new WaitingLog("The loop cannot begin");
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { BusyTimeout = TimeSpan.FromSeconds(1), LoggerFactory = log },
            null,
            ScriptedEngine.CountingTo(1)
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop;
        using (roost.Lock())
        {
            loop = roost.RunAsync(stop.Token);
            await log.Seen.Soon();
            loop.IsCompleted.Should().BeFalse("a running loop survives the same");
        }

        (await roost.WaitAsync(id).Soon()).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await loop.Soon();
    }

    [Test]
    public async Task A_loop_that_waits_to_begin_ends_when_it_is_cancelled_however_long_it_may_wait()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { BusyTimeout = TimeSpan.FromHours(1) }, null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        using (roost.Lock())
        {
            using var stop = new CancellationTokenSource();
            Task loop = roost.RunAsync(stop.Token);
            await Waiting.Until(() => Directory.GetFiles(Path.GetDirectoryName(roost.Path)!, "*.lock").Length == 1);

            await stop.CancelAsync();
            await loop.Soon();

            using var again = new CancellationTokenSource(100);
            await roost.Awaiting(it => it.RunUntilIdleAsync(again.Token)).Should().ThrowAsync<OperationCanceledException>();
        }
        Directory.GetFiles(Path.GetDirectoryName(roost.Path)!, "*.lock").Should().BeEmpty();

        await roost.RunUntilIdleAsync().Soon();
        roost.Number("SELECT count(*) FROM roost_worker").Should().Be(0);
    }

    [Test]
    public async Task A_step_that_lost_its_lease_while_the_file_was_locked_gives_its_slot_back()
    {
        var gate = new Gate();
        var log = new WaitingLog("could not be saved");
        var engine = new ScriptedEngine(
            async (state, context) =>
            {
                if (context.Item.Priority == 0)
                    await gate.PassAsync();
                return ScriptedEngine.Finish(state);
            }
        );
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions
            {
                Concurrency = 1,
                BusyTimeout = TimeSpan.FromSeconds(1),
                LoggerFactory = log,
            },
            null,
            engine
        );
        string lost = await roost.EnqueueAsync(new WorkItem("scripted"));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await gate.Reached;
        await roost.ReleaseLeaseAsync(lost);
        await roost.CancelAsync(lost);
        using (roost.Lock())
        {
            gate.Open();
            await log.Seen.Soon();
        }
        string next = await roost.EnqueueAsync(new WorkItem("scripted") { Priority = 1 });

        (await roost.WaitAsync(next).Soon()).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await loop.Soon();
    }
}
