using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Closing a runtime at any moment: steps finish, and every waiter gets a truthful answer.</summary>
[TestFixture]
internal sealed class DisposeTests
{
    [Test]
    public async Task Dispose_while_the_loop_runs_lets_steps_finish_and_ends_the_loop()
    {
        var gate = new Gate();
        using var folder = new TemporaryFolder();
        var file = new RoostRuntime(new RoostOptions { Path = folder["roost.db"], Durability = Durability.None });
        file.AddEngine(new ScriptedEngine(async (state, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        string id = await file.EnqueueAsync(new WorkItem("scripted"));
        Task loop = file.RunAsync(CancellationToken.None);
        await gate.Reached;

        Task disposing = file.DisposeAsync().AsTask();
        gate.Open();
        await disposing.Soon();
        await loop.Soon();

        await using RoostRuntime after = new(folder["roost.db"]);
        after.StateOf(id).Should().Be(WorkState.Done);
        after.Workers().Should().BeEmpty();
    }

    [Test]
    public async Task A_host_that_can_only_dispose_synchronously_gets_the_same()
    {
        var gate = new Gate();
        using var folder = new TemporaryFolder();
        Task loop;
        using (var roost = new RoostRuntime(new RoostOptions { Path = folder["roost.db"], Durability = Durability.None }))
        {
            roost.AddEngine(new ScriptedEngine(async (state, _) =>
            {
                await gate.PassAsync();
                return ScriptedEngine.Finish(state);
            }));
            await roost.EnqueueAsync(new WorkItem("scripted") { Id = "item" });
            loop = roost.RunAsync(CancellationToken.None);
            await gate.Reached;
            gate.Open();
        }

        loop.IsCompletedSuccessfully.Should().BeTrue();
        await using RoostRuntime after = new(folder["roost.db"]);
        after.StateOf("item").Should().Be(WorkState.Done);
        after.Workers().Should().BeEmpty();
    }

    [Test]
    public async Task Dispose_ends_those_who_wait_for_an_item_and_refuses_what_comes_after()
    {
        RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("elsewhere"));
        Task<WorkSummary> waiting = roost.WaitAsync(id);

        await roost.DisposeAsync().AsTask().Soon();

        await FluentActions.Awaiting(() => waiting.Soon()).Should().ThrowAsync<OperationCanceledException>();
        await roost.Invoking(it => it.EnqueueAsync(new WorkItem("scripted"))).Should().ThrowAsync<ObjectDisposedException>();
        await roost.Invoking(it => it.RunAsync(CancellationToken.None)).Should().ThrowAsync<ObjectDisposedException>();
        await roost.Invoking(it => it.RunUntilIdleAsync()).Should().ThrowAsync<ObjectDisposedException>();
        await roost.DisposeAsync();
    }

    [Test]
    public async Task Dispose_during_commits_answers_every_waiter_with_the_truth()
    {
        using var folder = new TemporaryFolder();
        var options = new RoostOptions { Path = folder["roost.db"], Durability = Durability.None };
        var roost = new RoostRuntime(options);
        IDisposable held = new SqliteHost().HoldWrites(roost);
        Task<EnqueueResult>[] before = [.. Enumerable.Range(0, 250).Select(i => roost.EnqueueAsync(new WorkItem("scripted") { Id = $"before{i}" }))];
        Task disposing = roost.DisposeAsync().AsTask();
        Task<EnqueueResult>[] beside =
        [
            .. Enumerable.Range(0, 250).Select(i => Task.Run(() => roost.EnqueueAsync(new WorkItem("scripted") { Id = $"beside{i}" }))),
        ];

        held.Dispose();
        await disposing.Soon();
        Task<EnqueueResult> after = roost.EnqueueAsync(new WorkItem("scripted") { Id = "after" });
        await Task.WhenAll(beside).ContinueWith(_ => { }, TaskScheduler.Default).Soon();

        string[] told =
        [
            .. (await Task.WhenAll(before).Soon()).Select(result => result.Id),
            .. beside.Where(task => task.IsCompletedSuccessfully).Select(task => task.Result.Id),
        ];
        await FluentActions.Awaiting(() => after).Should().ThrowAsync<ObjectDisposedException>();
        foreach (Task refused in beside.Where(task => task.IsFaulted)) refused.Exception!.InnerException.Should().BeOfType<ObjectDisposedException>();
        await using var reopened = new RoostRuntime(options);
        reopened.Items().Select(item => item.Id).Should().BeEquivalentTo(told);
    }

    [Test]
    public async Task A_runtime_disposed_twice_or_unused_is_no_error()
    {
        RoostRuntime roost = TestRuntime.Create(null);

        await roost.DisposeAsync();
        await roost.DisposeAsync();

        Directory.Exists(Path.GetDirectoryName(roost.Path)).Should().BeFalse("a temporary runtime takes its file along");
    }
}
