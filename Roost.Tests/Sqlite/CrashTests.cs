using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Several processes on one file. What is killed, stopped or displaced is Reliability/'s.</summary>
[TestFixture]
internal sealed class CrashTests : FolderFixture
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

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

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_process_that_exits_while_its_loop_drains_gives_its_leases_back_and_one_that_exits_while_it_works_is_charged(bool drains)
    {
        string id = await EnqueueAsync(new ChildPayload(3, Waits: true));
        await using ChildProcess host = ChildProcess.Start("end", path, $"{drains}");
        await host.WaitForAsync($"saw {id} 2");

        await host.TellAsync("stop");
        await host.WaitForAsync("asked");
        await host.TellAsync("exit");
        await host.EndAsync();

        host.ExitCode.Should().Be(3);
        await using RoostRuntime rescuer = new RoostRuntime(path).AddEngine(ScriptedEngine.CountingTo(1, id: "none"));
        await rescuer.RunUntilIdleAsync();
        rescuer.StateOf(id).Should().Be(WorkState.Queued);
        rescuer.Column(id, "interruptions").Should().Be(drains ? 0 : 1);
        rescuer.EventsOf(id)[^1].Should().Be(drains ? "released" : "interrupted");
        FileAudit.MustHaveNoLeftovers(path);
    }

    [Test]
    public async Task An_end_is_told_again_by_the_next_process_where_the_first_dies_while_it_is_told()
    {
        await using (var roost = new RoostRuntime(path)) await roost.EnqueueAsync(new WorkItem("telling") { Id = "it" });
        await using ChildProcess first = ChildProcess.Start("tell", path);
        string[] told = (await first.EndAsync()).Single().Split(' ');
        await using ChildProcess second = ChildProcess.Start("tell", path);
        await second.WaitForAsync($"told 2 {told[^1]}");
        await second.StopAsync();

        told[1].Should().Be("1");
        await using RoostRuntime after = new(path);
        after.EventsOf("it")[^2..].Should().Equal("failed", "end_told");
        FileAudit.MustAgree(path);
        FileAudit.Count(path, "roost_end").Should().Be(0);
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
        FileAudit.Count(path, "roost_meta WHERE key = 'file_id'").Should().Be(1);
        Directory.GetFiles(folder.Root).Should().Equal(path);
    }

    private async Task<string> EnqueueAsync(ChildPayload payload)
    {
        await using var roost = new RoostRuntime(ChildVerbs.Options(path));
        return await roost.EnqueueAsync(new WorkItem("child", payload));
    }

    private Task EndedAsync() => UntilAsync(() => FileAudit.Count(path, "roost_work WHERE state IN ('queued', 'running')") == 0);

    private Task WorkersAsync(int n) => UntilAsync(() => FileAudit.Count(path, "roost_worker") == n);

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
