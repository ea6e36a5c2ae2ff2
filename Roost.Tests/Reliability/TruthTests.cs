using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Whoever gives up waiting, or closes the runtime, during a commit is told what became of it.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class TruthTests
{
    [Test]
    public async Task A_token_that_fires_during_a_commit_changes_nothing_about_the_truth()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        int rounds = Effort.Times(200, 5000), told = 0, refused = 0;
        for (int i = 0; i < rounds; i++)
        {
            using var hold = new ManualResetEventSlim();
            using var source = new CancellationTokenSource();
            Task<bool> holding = roost.Writer.RunAsync(_ => hold.Wait(Gate.Patience));
            Task<EnqueueResult> before = roost.EnqueueAsync(new WorkItem("e") { Id = $"before{i}" }, source.Token);
            Task<IReadOnlyList<EnqueueResult>> batch = roost.EnqueueAsync([new WorkItem("e") { Id = $"batch{i}" }], source.Token);
            Task firing = Task.Run(source.Cancel);
            hold.Set();
            foreach ((Task task, string id) in new (Task, string)[] { (before, $"before{i}"), (batch, $"batch{i}") })
            {
                await Artifacts.Ignoring(task).Soon();
                (roost.Number("SELECT count(*) FROM roost_work WHERE id = $0", id) == 1)
                    .Should()
                    .Be(task.IsCompletedSuccessfully, "an answer is true, whichever it is");
                if (task.IsCompletedSuccessfully)
                    told++;
                else
                    task.IsCanceled.Should().BeTrue();
            }
            await firing;
            Task<EnqueueResult> after = roost.EnqueueAsync(new WorkItem("e") { Id = $"after{i}" }, source.Token);
            await Artifacts.Ignoring(after).Soon();
            after.IsCanceled.Should().BeTrue();
            roost.Number("SELECT count(*) FROM roost_work WHERE id = $0", $"after{i}").Should().Be(0);
            refused++;
            await holding;
        }
        FileAudit.MustAgree(roost.Path);
        Effort.Report(
            $"{rounds} commits with a token that fired meanwhile: {told} told that they landed, and had; {refused} asked too late, and nothing landed"
        );
    }

    [Test]
    public async Task A_runtime_that_is_closed_during_its_commits_answers_every_change_with_the_truth()
    {
        int rounds = Effort.Times(10, 300), landed = 0, refused = 0;
        for (int i = 0; i < rounds; i++)
        {
            using var folder = new TemporaryFolder();
            var roost = new RoostRuntime(
                new RoostOptions
                {
                    Path = folder["roost.db"],
                    Durability = Durability.None,
                    DrainTime = TimeSpan.FromMilliseconds(50),
                }
            );
            roost.AddEngine(ScriptedEngine.CountingTo(1_000_000));
            await roost.EnqueueAsync([
                .. Enumerable.Range(0, 40).Select(n => new WorkItem("scripted") { Id = $"s{n}" }),
                .. Enumerable.Range(0, 200).Select(n => new WorkItem("other") { Id = $"q{n}" }),
            ]);
            Task loop = roost.RunAsync(CancellationToken.None);
            using var go = new ManualResetEventSlim();
            Task<bool>[] changes = [.. Enumerable.Range(0, 200).Select(n => Task.Run(() =>
            {
                go.Wait();
                return n % 2 == 0 ? roost.CancelAsync($"q{n}") : roost.SetPriorityAsync($"q{n}", 7);
            }))];
            go.Set();
            await Task.WhenAny(changes).Soon();
            await roost.DisposeAsync().AsTask().Soon();
            await Artifacts.Ignoring(Task.WhenAll(changes)).Soon();
            await Artifacts.Ignoring(loop).Soon();

            for (int n = 0; n < changes.Length; n++)
            {
                bool isThere =
                    n % 2 == 0 ? roost.Text("SELECT state FROM roost_work WHERE id = $0", $"q{n}") == "cancelled" : roost.Column($"q{n}", "priority") == 7;
                isThere.Should().Be(changes[n].IsCompletedSuccessfully, "an answer is true, whichever it is");
                if (isThere) landed++;
                else refused++;
                if (changes[n].IsFaulted) changes[n].Exception!.InnerException.Should().BeOfType<ObjectDisposedException>();
            }
            FileAudit.MustAgree(roost.Path);
        }
        Effort.Report($"{rounds} closings during commits: {landed} changes told as done, and they were; {refused} refused, and they were not");
    }

    [Test]
    public async Task Who_was_refused_because_of_another_is_told_so_only_once_that_other_has_landed()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        var full = new SqliteException("database or disk is full", SQLitePCL.raw.SQLITE_FULL);
        using ManualResetEventSlim hold = new(), begun = new();
        Task<bool> holding = roost.Writer.RunAsync(_ =>
        {
            begun.Set();
            return hold.Wait(Gate.Patience);
        });
        begun.Wait(Gate.Patience).Should().BeTrue("what comes now joins a transaction that runs, and none that is still to be undone");
        Task<EnqueueResult> first = roost.EnqueueAsync(new WorkItem("e") { Id = "one" }), second = roost.EnqueueAsync(new WorkItem("e") { Id = "one" });
        Task<int> third = roost.Writer.RunAsync<int>(_ => throw full);
        hold.Set(); // All three wait, and go into one transaction.
        await Artifacts.Ignoring(Task.WhenAll(holding, first, second, third)).Soon();

        foreach (Task answer in (Task[])[first, second, third])
            answer.Exception!.InnerException.Should().BeOfType<DiskFullException>("the disk was full for all of them, and nobody has the id");
        roost.Number("SELECT count(*) FROM roost_work").Should().Be(0);
        (await roost.EnqueueAsync(new WorkItem("e") { Id = "one" })).Created.Should().BeTrue();
    }

    [Test]
    public async Task Ten_thousand_items_that_are_due_at_one_moment_all_run_once()
    {
        int many = Effort.Times(10_000, 100_000);
        var clock = TestRuntime.Clock();
        int calls = 0;
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { Concurrency = 64 },
            clock,
            ScriptedEngine.From(
                (state, _) =>
                {
                    Interlocked.Increment(ref calls);
                    return ScriptedEngine.Finish(state);
                }
            )
        );
        foreach (WorkItem[] some in Enumerable.Range(0, many).Select(_ => new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) }).Chunk(1000))
            await roost.EnqueueAsync(some);
        (await roost.RunUntilIdleAsync()).Due.Should().Be(clock.GetUtcNow().AddHours(1));

        clock.Advance(TimeSpan.FromHours(1));
        await roost.RunUntilIdleAsync();

        (calls, (await roost.GetCountsAsync()).Total.Done).Should().Be((many, many));
        FileAudit.MustAgree(roost.Path);
        Effort.Report($"{many} items due at one moment, each run once");
    }
}
