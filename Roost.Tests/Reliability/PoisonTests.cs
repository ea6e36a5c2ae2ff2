using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A step that takes its process down with it, beside others that do not.</summary>
[TestFixture, Category("Reliability")]
internal sealed class PoisonTests : FolderFixture
{
    private const int Innocent = 63;

    [Test]
    public async Task A_step_that_kills_its_process_ends_in_the_dead_letters_and_its_63_bystanders_do_not()
    {
        string path = folder["roost.db"];
        string poison;
        await using (var roost = new RoostRuntime(ChildVerbs.Options(path)))
        {
            poison = await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(3, Poison: true)));
            await roost.EnqueueAsync(Enumerable.Range(0, Innocent).Select(_ => new WorkItem("child", new ChildPayload(20, DelayMs: 20, StepMs: 20))));
        }
        var said = new List<string>();
        int deaths = 0;
        while (Unfinished(path) > 0 && deaths < 20)
        {
            await using ChildProcess worker = ChildProcess.Start("work", path, "30000", $"{Innocent + 1}", "5");
            Task ended = worker.EndAsync();
            while (!ended.IsCompleted && Unfinished(path) > 0) await Task.WhenAny(ended, Task.Delay(100));
            if (ended.IsCompleted) deaths++;
            else await worker.StopAsync();
            said.AddRange(worker.Lines);
        }

        deaths.Should().Be(5, "the limit on interruptions");
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>("SELECT w.id FROM roost_work w JOIN roost_failure f ON f.work = w.key WHERE w.state = 'failed' AND f.reason = 'interrupted'")
            .Should()
            .Equal(poison);
        file.ExecuteScalar<long>("SELECT count(*) FROM roost_work WHERE state = 'done'").Should().Be(Innocent);
        FileAudit.MustHold(path, said);
        FileAudit.MustAgree(path);
        EventAudit.MustBeOrderly(path);
        FileAudit.MustHaveNoLeftovers(path);
        Effort.Report($"{deaths} deaths by one step, {Innocent} beside it done");
    }

    private static long Unfinished(string path) => FileAudit.Count(path, "roost_work WHERE state IN ('queued', 'running')");
}
