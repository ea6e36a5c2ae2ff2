using System.Collections.Concurrent;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A file that an earlier Roost has made opens, and its work goes on.</summary>
[TestFixture, Category("Reliability")]
internal sealed class UpgradeTests : FolderFixture
{
    private const int MostWrites = 200;

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
        FileAudit.Count(path, "resource").Should().Be(0);
    }

    [Test]
    public async Task Whoever_is_killed_while_it_migrates_leaves_the_file_as_it_was_or_migrated()
    {
        string library = await FaultShim.CompileAsync(folder.Root);
        string fresh = folder["fresh.db"];
        await using (new RoostRuntime(fresh)) { }
        FileValues made = FileValues.Of(fresh);
        int killed = 0, unchanged = 0, stride = Effort.Times(10, 1);
        var random = new Random(Effort.Seed());
        foreach (string fixture in FixtureFile.Kept().Where(name => name != $"schema-{Schema.Version}.db.gz").Append("none"))
            foreach (DiskCalls call in (DiskCalls[])[DiskCalls.Write, DiskCalls.Sync])
                for (int at = random.Next(1, stride + 1); ; at += stride)
                {
                    at.Should().BeLessThan(MostWrites, "opening a file takes few writes");
                    foreach (string file in Directory.GetFiles(folder.Root, "roost.db*")) File.Delete(file);
                    if (fixture != "none") await FixtureFile.UnpackAsync(fixture, path);
                    FileValues? before = fixture == "none" ? null : FileValues.Of(path);
                    await using ChildProcess child = ChildProcess.StartWith(FaultShim.Environment(library), ["open", path, .. new Fault(call, DiskFiles.Stored, at, Kills: true).ToString().Split(' ')]);
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

    private Dictionary<string, long> Versions()
    {
        using Microsoft.Data.Sqlite.SqliteConnection file = FileAudit.Open(path);
        return Dapper.SqlMapper.Query<(string Id, long Version)>(file, "SELECT id, version FROM work").ToDictionary(row => row.Id, row => row.Version);
    }

    /// <summary>What was due in an hour is due long since; what an item continues with after an hour is made ready now.</summary>
    private static async Task RunThroughAsync(RoostRuntime roost)
    {
        await roost.RunUntilIdleAsync();
        while (FileAudit.Count(roost.Path, "work WHERE state = 'queued'") > 0)
        {
            foreach (string id in roost.Rows("SELECT id FROM work WHERE due_at IS NOT NULL")) await roost.RequeueNowAsync(id);
            await roost.RunUntilIdleAsync();
        }
    }
}
