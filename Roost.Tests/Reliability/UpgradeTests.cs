using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A file that an earlier Roost has made opens, and its work goes on.</summary>
[TestFixture, Category("Reliability")]
internal sealed class UpgradeTests : FolderFixture
{
    private const int MostWrites = 400;

    private static readonly RoostOptions Options = new() { MaxInterruptions = 100 };

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public void There_is_a_file_of_every_version_of_the_schema() =>
        FixtureFile.Kept().Should().Equal(Enumerable.Range(1, Schema.Version).Select(version => $"schema-{version}.db.gz"));

    [TestCaseSource(typeof(FixtureFile), nameof(FixtureFile.Kept))]
    public async Task Its_items_continue_from_where_they_were(string fixture)
    {
        await FixtureFile.UnpackAsync(fixture, path);
        Dictionary<string, long> before = Versions();
        var first = new ConcurrentDictionary<string, int>();
        await using var roost = new RoostRuntime(Options with { Path = path });
        roost.AddEngine(FixtureFile.Engine((context, state) => first.TryAdd(context.Item.Id, state)));

        Probe.Number(path, "PRAGMA user_version").Should().Be(Schema.Version);
        Versions().Should().Equal(before);
        FileAudit.MustAgree(path);
        (await roost.EnqueueAsync(new WorkItem("scripted", new Fate(3)) { IdempotencyKey = "once" })).Should().Be(new EnqueueResult("done", false));
        await roost.RetryAsync("dead");
        await RunThroughAsync(roost);

        foreach (string id in FixtureFile.Continuing)
        {
            (await roost.GetAsync(id)).Summary.State.Should().Be(WorkState.Done, id);
            first[id].Should().Be((int)Math.Max(0, before[id] - 1), $"{id} goes on from its own snapshot");
        }
        first.Keys.Should().BeEquivalentTo([.. FixtureFile.Continuing, "dead"], "what has ended stays as it is");
        (await roost.ReadArtifactAsync("done", "out.bin")).Should().Equal(FixtureFile.Content("done"));
        FileAudit.MustAgree(path);
        FileAudit.Count(path, "roost_resource").Should().Be(0);
    }

    [Test]
    public async Task Whoever_is_killed_while_it_migrates_leaves_the_file_as_it_was_or_migrated()
    {
        string library = await FaultShim.CompileAsync(folder.Root);
        string fresh = folder["fresh.db"];
        await using (new RoostRuntime(fresh)) { }
        FileValues made = FileValues.Of(fresh);
        int killed = 0, unchanged = 0, stride = Effort.Times(61, 1);
        var random = new Random(Effort.Seed());
        foreach (string fixture in FixtureFile.Kept().Where(name => name != $"schema-{Schema.Version}.db.gz").Append("none"))
            foreach (DiskCalls call in (DiskCalls[])[DiskCalls.Write, DiskCalls.Sync])
                for (int at = random.Next(1, stride + 1); ; at += stride)
                {
                    at.Should().BeLessThan(MostWrites, "opening a file takes few writes");
                    foreach (string file in Directory.GetFiles(folder.Root, "roost.db*")) File.Delete(file);
                    if (fixture != "none") await FixtureFile.UnpackAsync(fixture, path);
                    FileValues? before = fixture == "none" ? null : FileValues.Of(path);
                    string[] fault = new Fault(call, DiskFiles.Stored, at, Kills: true).ToString().Split(' ');
                    await using ChildProcess child = ChildProcess.StartWith(FaultShim.Environment(library), ["open", path, .. fault]);
                    await child.EndAsync();
                    if (child.Lines.Contains("open")) break; // What follows is not the migration any more.
                    killed++;
                    if (!File.Exists(path) || Probe.Number(path, "PRAGMA user_version") < Schema.Version)
                    {
                        unchanged++;
                        if (before is not null) before.MustBeUnchangedIn(path, $"{fixture}, {call} {at}");
                        else if (File.Exists(path)) FileAudit.Count(path, "sqlite_schema").Should().Be(0, $"{call} {at}");
                    }
                    await using (new RoostRuntime(path)) { }
                    Probe.Number(path, "PRAGMA user_version").Should().Be(Schema.Version);
                    FileValues.Of(path).Schema.Should().Equal(made.Schema, $"{fixture}, {call} {at}");
                    before?.MustBeKeptIn(path, $"{fixture}, {call} {at}");
                    FileAudit.MustAgree(path);
                }
        killed.Should().BeGreaterThan(5);
        unchanged.Should().BeGreaterThan(0, "some were killed before the migration's commit");
        Effort.Report($"{killed} kills, one before every {stride}th write and sync of an opening; {unchanged} of them left the old file");
    }

    [TestCase("schema-1.db.gz")]
    [TestCase("schema-3.db.gz")]
    public async Task A_file_on_which_an_older_Roost_runs_is_not_migrated_under_its_steps(string fixture)
    {
        await FixtureFile.UnpackAsync(fixture, path);
        Probe.Execute(path, "UPDATE worker SET lock_file = $0", WorkerLock.NameFor(path, Probe.Text(path, "SELECT id FROM worker")));
        FileValues before = FileValues.Of(path);
        string lockPath = folder[Probe.Text(path, "SELECT lock_file FROM worker")];
        File.Delete(lockPath);
        using (WorkerLock.Take(lockPath))
            FluentActions
                .Invoking(() => new RoostRuntime(Options with { Path = path }))
                .Should()
                .Throw<FileRefusedException>()
                .WithMessage(
                    $"*schema version {fixture[7]}*migrate it to version {Schema.Version}*worker {Probe.Text(path, "SELECT id FROM worker")} (process " +
                    $"{Probe.Number(path, "SELECT process_id FROM worker")} on *) runs on it*Nothing was changed*"
                );
        before.MustBeUnchangedIn(path, "refused");

        File.Create(lockPath).Dispose();
        await using (new RoostRuntime(Options with { Path = path })) { }
        before.MustBeKeptIn(path, "its worker has died");
    }

    [Test]
    public async Task A_worker_of_which_nobody_can_see_whether_it_lives_keeps_its_file_until_its_lease_is_over()
    {
        await FixtureFile.UnpackAsync("schema-3.db.gz", path);
        Probe.Execute(path, "UPDATE worker SET lock_file = '', expires_at = $0", TestRuntime.Start.AddSeconds(30).ToUnixTimeMilliseconds());
        FakeTimeProvider clock = TestRuntime.Clock();
        RoostOptions options = Options with { Path = path, TimeProvider = clock };
        FluentActions
            .Invoking(() => new RoostRuntime(options))
            .Should()
            .Throw<FileRefusedException>()
            .WithMessage("*may still run on it*lease lasts until 2026-01-01 00:00:30Z*");

        clock.Advance(TimeSpan.FromSeconds(30));
        await using (new RoostRuntime(options)) { }
        Probe.Number(path, "PRAGMA user_version").Should().Be(Schema.Version);
    }

    [Test]
    public async Task Where_no_end_of_a_lease_is_stored_but_nonsense_the_file_is_told_as_damaged()
    {
        await FixtureFile.UnpackAsync("schema-3.db.gz", path);
        Probe.Execute(path, "UPDATE worker SET lock_file = '', expires_at = $0", long.MaxValue);
        FluentActions.Invoking(() => new RoostRuntime(Options with { Path = path })).Should().Throw<DataCorruptException>().WithMessage($"*{long.MaxValue}*");
        Probe.Number(path, "PRAGMA user_version").Should().Be(3, "nothing was changed");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_copy_that_was_made_by_hand_is_told_as_one_while_its_original_has_the_older_schema(bool isOriginalMigrated)
    {
        if (FilePlace.At(folder.Root, numbersStay: true) is null) Assert.Ignore("Files have no numbers here.");
        string original = folder["original.db"];
        await FixtureFile.UnpackAsync("schema-3.db.gz", original);
        Probe.Execute(original, "DELETE FROM worker");
        Probe.Execute(original, "INSERT OR REPLACE INTO meta (key, value) VALUES ($0, $1)", FilePlace.Key, FilePlace.At(original, numbersStay: true)!.Write());
        using (Microsoft.Data.Sqlite.SqliteConnection file = FileAudit.Open(original)) Database.Execute(file, "PRAGMA wal_checkpoint(TRUNCATE)");
        File.Copy(original, path);
        if (isOriginalMigrated)
            await using (new RoostRuntime(Options with { Path = original })) { }
        var log = new KeptLog();
        await using RoostRuntime copy = new RoostRuntime(Options with { Path = path, LoggerFactory = log }).AddEngine(FixtureFile.Engine());

        await copy.StepOnceAsync();

        log.Lines.Should().ContainMatch($"*is a copy of {original}*");
    }

    [Test]
    public async Task A_copy_is_migrated_though_the_workers_of_the_original_live()
    {
        string original = folder["original.db"];
        await FixtureFile.UnpackAsync("schema-3.db.gz", path);
        Probe.Execute(
            path,
            "UPDATE worker SET lock_file = $0, expires_at = $1",
            WorkerLock.NameFor(original, Probe.Text(path, "SELECT id FROM worker")),
            long.MaxValue
        );
        using WorkerLock held = WorkerLock.Take(folder[Probe.Text(path, "SELECT lock_file FROM worker")]);
        await using (new RoostRuntime(Options with { Path = path })) { }
        Probe.Number(path, "PRAGMA user_version").Should().Be(Schema.Version);
    }

    [Test]
    public async Task Its_removed_lanes_and_purged_items_do_not_give_their_keys_again()
    {
        await FixtureFile.UnpackAsync("schema-3.db.gz", path);
        Probe.Execute(path, "INSERT OR REPLACE INTO meta (key, value) VALUES ('last_lane', '500')");
        Probe.Execute(path, "UPDATE sqlite_sequence SET seq = 700 WHERE name = 'work'");
        await using var roost = new RoostRuntime(Options with { Path = path });
        await roost.EnqueueAsync(new WorkItem("another") { Id = "new" });
        roost.Number("SELECT lane FROM roost_work WHERE id = 'new'").Should().Be(501);
        roost.Number("SELECT key FROM roost_work WHERE id = 'new'").Should().Be(701);
    }

    private Dictionary<string, long> Versions()
    {
        using Microsoft.Data.Sqlite.SqliteConnection file = FileAudit.Open(path);
        string table = Dapper.SqlMapper.ExecuteScalar<long>(file, "PRAGMA user_version") > Schema.LastOfShortNames ? "roost_work" : "work";
        return Dapper.SqlMapper.Query<(string Id, long Version)>(file, $"SELECT id, version FROM {table}").ToDictionary(row => row.Id, row => row.Version);
    }

    /// <summary>What was due in an hour is due long since; what an item continues with after an hour is made ready now.</summary>
    private static async Task RunThroughAsync(RoostRuntime roost)
    {
        await roost.RunUntilIdleAsync();
        while (FileAudit.Count(roost.Path, "roost_work WHERE state = 'queued'") > 0)
        {
            foreach (string id in roost.Rows("SELECT id FROM roost_work WHERE due_at IS NOT NULL")) await roost.RequeueNowAsync(id);
            await roost.RunUntilIdleAsync();
        }
    }
}
