using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What is paused costs those nothing that go on.</summary>
[TestFixture]
internal sealed class PauseCostTests
{
    private const int Items = 100;

    /// <summary>By SQLite's own count of what its machine does. The paused ones come first, and have the higher priority.</summary>
    [TestCase(PauseScope.Item)]
    [TestCase(PauseScope.Queue)]
    [TestCase(PauseScope.Engine)]
    public async Task What_a_step_costs_does_not_follow_what_is_paused(PauseScope scope)
    {
        double none = await CostAsync(scope, 0), some = await CostAsync(scope, 10), many = await CostAsync(scope, 3000);

        many.Should().BeLessThan(some * 1.05);
        some.Should().BeLessThan(none * 1.15, "a little more is written down for a lane more");
    }

    [Test]
    public async Task Who_pauses_nothing_asks_the_file_for_pauses_once()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 1 }, null, ScriptedEngine.CountingTo(3));
        await roost.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("scripted")));
        await AskedAsync(roost);

        await roost.RunUntilIdleAsync();

        (await AskedAsync(roost)).Should().BeLessThan(100, "two questions, and not two for each of {0} claims", Items);
    }

    private static async Task<double> CostAsync(PauseScope scope, int paused)
    {
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { Concurrency = 1, Queues = ["default", "aside"], Durability = Durability.None },
            null,
            ScriptedEngine.CountingTo(1),
            ScriptedEngine.CountingTo(1, id: "aside")
        );
        (string engine, string queue) = scope switch
        {
            PauseScope.Engine => ("aside", "default"),
            PauseScope.Queue => ("scripted", "aside"),
            _ => ("scripted", "default"),
        };
        IReadOnlyList<EnqueueResult> aside = await roost.EnqueueAsync(
            Enumerable.Range(0, paused).Select(_ => new WorkItem(engine) { Queue = queue, Priority = 5 }));
        if (scope == PauseScope.Item) await Task.WhenAll(aside.Select(one => roost.PauseAsync(PauseTarget.Item(one.Id), "why", "who")));
        else if (paused > 0) await roost.PauseAsync(scope == PauseScope.Engine ? PauseTarget.Engine(engine) : PauseTarget.Queue(queue), "why", "who");
        await roost.EnqueueAsync(Enumerable.Range(0, Items).Select(_ => new WorkItem("scripted")));
        await CountAsync(roost);

        await roost.RunUntilIdleAsync();

        double steps = (double)await CountAsync(roost) / Items;
        roost.Totals().Should().BeEquivalentTo(new { Done = Items, Ready = paused });
        FileAudit.MustAgree(roost.Path);
        return steps;
    }

    private static Task<long> CountAsync(RoostRuntime roost) =>
        roost.Writer.RunAsync(session => session.Connection.Statements.Sum(statement => (long)statement.TakeMachineSteps()));

    private static Task<long> AskedAsync(RoostRuntime roost) => roost.Writer.RunAsync(session => session.Connection.Statements
        .Where(statement => statement.Sql.Contains("FROM roost_pause", StringComparison.Ordinal)).Sum(statement => (long)statement.TakeMachineSteps()));
}
