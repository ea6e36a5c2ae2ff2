using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// A disk that fails at one call, or at some in a row: every answer was true, nothing acknowledged is lost, nothing refused has landed, and the
/// process goes on. One child process meets many faults, which also shows that none of them leaves handles, threads or memory behind.
/// </summary>
[TestFixture, Category("Reliability")]
internal sealed class FaultTests
{
    private TemporaryFolder folder = null!;
    private string library = null!;

    [OneTimeSetUp]
    public async Task CompileAsync()
    {
        folder = new();
        library = await FaultShim.CompileAsync(folder.Root);
    }

    [OneTimeTearDown]
    public void DeleteFolder() => folder.Dispose();

    [TestCase(DiskCalls.Sync, false, false)]
    [TestCase(DiskCalls.Sync, true, false)]
    [TestCase(DiskCalls.Write, false, false)]
    [TestCase(DiskCalls.Write, true, false)]
    [TestCase(DiskCalls.Write, true, true)]
    public async Task After_any_one_failing_call_every_answer_was_true_and_the_work_goes_on(DiskCalls calls, bool full, bool torn)
    {
        await using FaultedProcess child = await StartAsync();
        foreach (int at in Positions(500)) await child.RoundAsync("work", new Fault(calls, DiskFiles.Stored, at + (torn ? 1 : 0), 1, full, torn));
        await child.EndAsync();

        child.Hits.Should().Be(child.Rounds, "one call of each round has failed");
        child.Unknown.Should().Be(0, "one failing call leaves nothing that could not be found out");
        child.Report();
    }

    [Test]
    public async Task What_a_crash_would_leave_right_after_an_answer_is_what_was_answered()
    {
        await using FaultedProcess child = await StartAsync();
        foreach (int at in Positions(500))
        {
            await child.RoundAsync("calls", new Fault(DiskCalls.Sync, DiskFiles.Log, at % 40 + 1));
            await child.RoundAsync("calls", new Fault(DiskCalls.Write, DiskFiles.Log, at, 1, at % 2 == 0));
        }
        await child.EndAsync();

        child.Images.Should().BeGreaterThan(0);
        child.Report();
    }

    [TestCase(DiskCalls.Sync, false)]
    [TestCase(DiskCalls.Write, false)]
    [TestCase(DiskCalls.Write, true)]
    [TestCase(DiskCalls.Write | DiskCalls.Sync | DiskCalls.Open | DiskCalls.Read | DiskCalls.Truncate, false)]
    public async Task While_the_disk_goes_on_failing_the_answer_is_unknown_only_where_the_file_could_not_be_opened_again(DiskCalls calls, bool full)
    {
        await using FaultedProcess child = await StartAsync();
        var random = new Random(Effort.Seed());
        for (int i = 0; i < Effort.Times(1, 40); i++)
            await child.RoundAsync("work", new Fault(calls, DiskFiles.All, random.Next(1, 60), random.Next(2, 16), full));
        await child.EndAsync();

        child.Hits.Should().BeGreaterThan(child.Rounds, "more than one call in a row has failed");
        child.Report();
    }

    [Test]
    public async Task Where_the_file_cannot_be_opened_again_the_answer_is_unknown_and_it_is_the_only_one()
    {
        await using FaultedProcess child = await StartAsync();
        for (int i = 0; i < Effort.Times(1, 10); i++) await child.RoundAsync("calls", new Fault(DiskCalls.Sync, DiskFiles.Log, 3 + i, 6));
        await child.EndAsync();

        child.Unknown.Should().Be(child.Rounds, "the commit and the five barriers fail, and the next call finds the disk well again");
        child.Report();
    }

    [TestCase("work", DiskCalls.Read, DiskFiles.Stored)]
    [TestCase("open", DiskCalls.Truncate, DiskFiles.All)]
    [TestCase("work", DiskCalls.Write, DiskFiles.Index)]
    public async Task Reads_and_what_else_is_done_to_the_files_may_fail_too(string task, DiskCalls calls, DiskFiles files)
    {
        await using FaultedProcess child = await StartAsync();
        long opens = 0, others = 0;
        foreach (int at in Positions(60))
        {
            opens += await child.RoundAsync("open", new Fault(DiskCalls.Open, DiskFiles.All, at % 8 + 1, 1, at % 2 == 0));
            others += await child.RoundAsync(task, new Fault(calls, files, at));
        }
        await child.EndAsync();

        opens.Should().BePositive();
        others.Should().BePositive();
        child.Report();
    }

    [Test]
    public async Task A_fault_while_the_file_is_opened_or_closed_loses_nothing()
    {
        await using FaultedProcess child = await StartAsync();
        const DiskCalls any = DiskCalls.Write | DiskCalls.Sync | DiskCalls.Truncate | DiskCalls.Open | DiskCalls.Read | DiskCalls.Unlink;
        foreach (int at in Positions(60))
        {
            await child.RoundAsync("close", new Fault(any, DiskFiles.All, at, 1, at % 2 == 0));
            await child.RoundAsync("open", new Fault(any, DiskFiles.All, at, 1, at % 3 == 0));
            await child.RoundAsync("open", new Fault(DiskCalls.Open, DiskFiles.Log | DiskFiles.Index, 1, at));
        }
        await child.EndAsync();

        child.Hits.Should().BeGreaterThan(0);
        child.Report();
    }

    [Test]
    public async Task A_fault_while_the_log_is_tidied_loses_nothing()
    {
        await using FaultedProcess child = await StartAsync();
        foreach (int at in Positions(40))
        {
            await child.RoundAsync("tidy", new Fault(DiskCalls.Write, DiskFiles.Database, at, 1, at % 2 == 0));
            await child.RoundAsync("tidy", new Fault(DiskCalls.Sync, DiskFiles.Stored, 1 + at % 2));
        }
        await child.EndAsync();

        child.Hits.Should().BeGreaterThan(0, "there was something to tidy");
        child.Report();
    }

    [Test]
    public async Task A_fault_in_the_middle_of_a_streamed_artifact_leaves_it_whole_or_not_there()
    {
        await using FaultedProcess child = await StartAsync();
        foreach (int at in Positions(40))
        {
            await child.RoundAsync("stream", new Fault(DiskCalls.Write, DiskFiles.Log, at * 20, 1, at % 2 == 0));
            await child.RoundAsync("stream", new Fault(DiskCalls.Sync, DiskFiles.Log, 1 + at % 9));
        }
        await child.EndAsync();

        child.Hits.Should().BeGreaterThan(0);
        FileAudit.Count(child.Path, "roost_artifact WHERE name = 'streamed.bin'").Should().Be(child.Rounds);
        FileAudit.Count(child.Path, "roost_blob WHERE sha256 IS NULL").Should().Be(0, "half an upload is collected");
        FileAudit.Count(child.Path, "roost_blob WHERE key NOT IN (SELECT blob FROM roost_artifact WHERE blob IS NOT NULL)").Should().Be(0);
        child.Report();
    }

    [Test]
    public async Task A_fault_during_a_backup_leaves_no_copy_or_a_whole_one()
    {
        await using FaultedProcess child = await StartAsync();
        for (int i = 0; i < 3; i++) await child.RoundAsync("calls", new Fault(DiskCalls.Sync, DiskFiles.Log, 5));
        long opens = 0, writes = 0;
        foreach (int at in Positions(80))
        {
            writes += await child.RoundAsync("backup", new Fault(DiskCalls.Write | DiskCalls.Sync | DiskCalls.Truncate, DiskFiles.Copy, at, 1, at % 2 == 0));
            opens += await child.RoundAsync("backup", new Fault(DiskCalls.Open | DiskCalls.Read, DiskFiles.Copy | DiskFiles.Stored, at));
        }
        await child.EndAsync();

        writes.Should().BePositive();
        opens.Should().BePositive();
        child.Report();
    }

    [Test]
    public async Task What_was_acknowledged_after_a_failed_sync_is_on_the_disk_when_the_power_goes()
    {
        int cuts = Effort.Times(3, 60), acknowledged = 0;
        for (int i = 0; i < cuts; i++)
        {
            string path = await CreateAsync();
            await using ChildProcess child = ChildProcess.StartWith(FaultShim.Environment(library), "faults", path);
            await child.TellAsync($"cut 0 {new Fault(DiskCalls.Sync, DiskFiles.Log, 2 + i)}");
            IReadOnlyList<string> said = await child.EndAsync();

            said.Should().NotContain(line => line.StartsWith("wrong", StringComparison.Ordinal));
            FileAudit.MustHold(path, said);
            foreach (string refused in said.Where(line => line.StartsWith("refused", StringComparison.Ordinal)))
                FileAudit.Count(path, $"roost_work WHERE id = '{refused.Split(' ')[1]}'").Should().Be(0, refused);
            FileAudit.MustAgree(path);
            acknowledged += said.Count(line => line.StartsWith("enqueued", StringComparison.Ordinal));
        }
        acknowledged.Should().BeGreaterThanOrEqualTo(cuts * 3, "there was something to lose");
        Effort.Report($"{cuts} power cuts after a failed sync; {acknowledged:N0} acknowledged items, none lost");
    }

    /// <summary>All of them at full effort; on each push the first and two more of the first hundred, others each time.</summary>
    private static IEnumerable<int> Positions(int last)
    {
        if (Effort.IsFull) return Enumerable.Range(1, last);
        var random = new Random(Effort.Seed());
        int most = Math.Min(last, 100);
        return [1, random.Next(2, most / 3), random.Next(most / 3, most)];
    }

    private async Task<FaultedProcess> StartAsync() => new(library, await CreateAsync());

    private async Task<string> CreateAsync()
    {
        string own = Directory.CreateDirectory(folder[$"{Guid.NewGuid():N}"]).FullName;
        string path = Path.Combine(own, "roost.db");
        await using (new RoostRuntime(ChildVerbs.Options(path))) { }
        return path;
    }
}
