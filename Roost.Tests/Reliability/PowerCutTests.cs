using System.Data;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// Power cuts: what a real worker did to its disk is written down once, and played back to many cuts that lose or tear what the disk was not
/// waited for. After each nothing acknowledged is lost and the file is sound; after some a runtime opens it and everything drains.
/// </summary>
[TestFixture, Category("Reliability")]
internal sealed class PowerCutTests : FolderFixture
{
    private const int DrainEvery = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private TemporaryFolder shim = null!;
    private string library = null!;

    private readonly record struct Cut(int Place, PowerLoss Loss, int Seed);

    [OneTimeSetUp]
    public async Task CompileAsync()
    {
        shim = new();
        library = await NativeShim.CompileAsync(shim.Root, "power");
    }

    [OneTimeTearDown]
    public void DeleteShim() => shim.Dispose();

    [TestCase("creation")]
    [TestCase("enqueues")]
    [TestCase("steps")]
    [TestCase("artifacts")]
    [TestCase("checkpoints")]
    public Task After_a_power_cut_everything_acknowledged_is_there_and_goes_on(string workload) =>
        SurviveAsync(workload, recordings: Effort.Times(1, 4), cuts: Effort.Times(40, 100));

    [Test]
    public async Task After_a_power_cut_in_the_checkpoint_of_a_full_log_everything_acknowledged_is_there_and_goes_on()
    {
        if (!Effort.IsFull) Assert.Ignore("A log of 15,000 pages takes a while to play back; ROOST_EFFORT=full tries it.");
        await SurviveAsync("fulllog", recordings: 1, cuts: 100);
    }

    [Test]
    public async Task After_a_power_cut_in_a_migration_the_file_is_as_it_was_or_migrated()
    {
        string fixture = folder["fixture.db"];
        await FixtureFile.UnpackAsync(FixtureFile.Kept().First(), fixture);
        FileValues before = FileValues.Of(fixture);
        int unchanged = 0, cuts = 0;
        await TryCutsAsync("migration", async (path, said) =>
        {
            cuts++;
            bool isMigrated = Probe.Number(path, "PRAGMA user_version") == Schema.Version;
            if (said.Contains("migrated")) isMigrated.Should().BeTrue("it was said to be");
            if (!isMigrated)
            {
                unchanged++;
                before.MustBeUnchangedIn(path, "before the migration");
                await using (new RoostRuntime(Options(path))) { }
            }
            FileAudit.MustAgree(path);
            FileAudit.MustHold(path, said);
            if (FileAudit.Count(path, "roost_work WHERE id = 'new'") == 0) before.MustBeKeptIn(path, "migrated");
            else before.MustBeAmongThoseIn(path, "migrated, and one item is new", "writer", "lane_count", "sqlite_sequence");
        });
        if (Effort.IsFull) unchanged.Should().BePositive("some cuts have to be before the commit");
        Effort.Report($"{cuts} cuts, {unchanged} before the migration's commit was on the disk");
    }

    [Test]
    public async Task After_a_power_cut_a_backup_is_there_whole_once_it_was_said_to_be_or_whole_or_not_at_all()
    {
        int without = 0, whole = 0;
        await TryCutsAsync("backup", (path, said) =>
        {
            Verify(path, said);
            string copy = path + PowerVerbs.CopySuffix;
            if (said.Contains("copied")) File.Exists(copy).Should().BeTrue("it was said to be there");
            if (!File.Exists(copy)) without++;
            else
            {
                whole++;
                FileAudit.MustAgree(copy);
                FileAudit.MustHold(copy, said.TakeWhile(line => line != "open"));
                FileAudit.Count(copy, "roost_meta WHERE key = 'copy_of'").Should().Be(1);
            }
            return Task.CompletedTask;
        });
        if (Effort.IsFull) Math.Min(without, whole).Should().BePositive("some cuts have to be on either side");
        Effort.Report($"{without + whole} cuts, {whole} of them left a backup, and it was whole");
    }

    [Test]
    public async Task After_a_power_cut_no_signal_answer_or_child_is_lost_or_applied_twice()
    {
        int cuts = 0, signals = 0, answers = 0, children = 0;
        await TryCutsAsync("waits", async (path, said) =>
        {
            if (!said.Contains("open")) return; // It may not be a file yet; "creation" is about that.
            (int applied, int answered, int joined) = await SignalAudit.MustBeAppliedOnceAsync(path, said);
            (cuts, signals, answers, children) = (cuts + 1, signals + applied, answers + answered, children + joined);
        }, onPush: 8);
        if (Effort.IsFull) Math.Min(Math.Min(signals, answers), children).Should().BePositive();
        Effort.Report($"{cuts} cuts, {signals} signals and {answers} answers that were acknowledged before them, and {children} children joined after them");
    }

    [TestCase("enqueues-early", TestName = "A_worker_that_acknowledges_before_its_commit_is_caught")]
    [TestCase("steps-normal", TestName = "A_worker_that_waits_for_the_disk_at_checkpoints_only_is_caught")]
    [TestCase("checkpoints-off", TestName = "A_worker_that_never_waits_for_the_disk_is_caught")]
    public async Task A_mutant_is_caught(string mutant)
    {
        var random = new Random(Effort.Seed());
        PowerRecording recording = await RecordAsync(mutant, random);
        int lost = 0, damaged = 0, cuts = Effort.Times(15, 200);
        await TryAsync(recording, Choose(mutant, recording, cuts, random), (path, said, _) =>
        {
            try
            {
                Verify(path, said);
            }
            catch (AssertionException)
            {
                lost++;
            }
            catch (Exception e) when (e is SqliteException or DataException)
            {
                damaged++;
            }
            return Task.CompletedTask;
        });
        Effort.Report($"{cuts} cuts: {lost} showed a loss, {damaged} a damaged file");
        (lost + damaged).Should().BePositive("a test that does not catch it could not fail");
    }

    [TestCase("UPDATE roost_blob_chunk SET data = zeroblob(length(data)) WHERE n = 1")]
    [TestCase("UPDATE roost_blob_chunk SET data = substr(data, 1, 100) WHERE n = 2")]
    [TestCase("DELETE FROM roost_blob_chunk WHERE n = 0")]
    [TestCase("DELETE FROM roost_blob_chunk WHERE n = 2")]
    [TestCase("DELETE FROM roost_blob")]
    [TestCase("UPDATE roost_blob SET sha256 = NULL")]
    [TestCase("DELETE FROM roost_artifact")]
    [TestCase("UPDATE roost_artifact SET version = version + 1")]
    public async Task The_audit_sees_an_artifact_that_is_torn_or_missing(string damage)
    {
        string path = folder["roost.db"];
        await using (RoostRuntime roost = new RoostRuntime(Options(path)).AddEngine(new ChildEngine(_ => { })))
            await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(1, Chunks: 2))));
        ArtifactAudit.MustBeThere(path).Should().Be(2 * Artifacts.Chunk + 1000);

        using (SqliteConnection file = FileAudit.Open(path)) file.Execute(damage).Should().BePositive();

        Action audit = () =>
        {
            ArtifactAudit.MustBeThere(path);
            FileAudit.MustAgree(path);
        };
        audit.Should().Throw<AssertionException>();
    }

    private async Task TryCutsAsync(string workload, Func<string, List<string>, Task> verify, int onPush = 20)
    {
        var random = new Random(Effort.Seed());
        for (int i = 0; i < Effort.Times(1, 4); i++)
        {
            PowerRecording recording = await RecordAsync(workload, random);
            await TryAsync(recording, Choose(workload, recording, Effort.Times(onPush, 100), random), (path, said, _) => verify(path, said));
        }
    }

    private async Task SurviveAsync(string workload, int recordings, int cuts)
    {
        var random = new Random(Effort.Seed());
        int tried = 0, drained = 0, inCheckpoint = 0, pending = 0, checkpoints = 0, records = 0;
        for (int i = 0; i < recordings; i++)
        {
            PowerRecording recording = await RecordAsync(workload, random);
            List<Cut> chosen = Choose(workload, recording, cuts, random);
            var inDatabase = recording.InDatabase.ToHashSet();
            inCheckpoint += chosen.Count(cut => inDatabase.Contains(cut.Place));
            (records, checkpoints) = (records + recording.Records.Count, checkpoints + recording.Checkpoints);
            await TryAsync(recording, chosen, async (path, said, left) =>
            {
                pending += left > 0 ? 1 : 0;
                bool isMade = said.Contains("open"), drain = tried++ % DrainEvery == 0 || !isMade;
                if (!isMade) await MakeAsync(path);
                Verify(path, said);
                if (!drain) return;
                await DrainAsync(path);
                Verify(path, said);
                FileAudit.MustHaveNoLeftovers(path);
                ArtifactAudit.MustHaveNoLeftovers(path);
                FileAudit.Count(path, "roost_work WHERE state <> 'done'").Should().Be(0, "every item ends done");
                drained++;
            });
        }
        Effort.Report(
            $"{tried} cuts of {recordings} recordings ({records:N0} records, {checkpoints} syncs of the database), {pending} with something pending, " +
            $"{inCheckpoint} while the database itself was written; {drained} drained"
        );
        pending.Should().BePositive();
        if (workload is "creation" or "checkpoints" or "fulllog") inCheckpoint.Should().BePositive();
    }

    private Task<PowerRecording> RecordAsync(string workload, Random random) =>
        PowerRecording.MakeAsync(library, folder[$"recorded-{random.Next()}"], workload, $"{random.Next()}");

    /// <summary>
    /// Half of the cuts anywhere, a quarter right after an acknowledgement, a quarter while the database itself is written; behind the creation
    /// of the file, but for the workload that is about it.
    /// </summary>
    private static List<Cut> Choose(string workload, PowerRecording recording, int count, Random random)
    {
        int first = workload == "creation" ? 0 : recording.Opened;
        List<int> said = recording.AfterSaid.FindAll(place => place >= first), inDatabase = recording.InDatabase.FindAll(place => place >= first);
        int Anywhere() => random.Next(first, recording.Records.Count + 1);
        int Among(List<int> places) => places.Count == 0 ? Anywhere() : places[random.Next(places.Count)];
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => new Cut(
                    (i % 4) switch { 0 => Among(said), 1 => Among(inDatabase), _ => Anywhere() },
                    random.Next(100) switch { < 15 => PowerLoss.All, < 30 => PowerLoss.Nothing, _ => PowerLoss.Any },
                    random.Next()))
                .OrderBy(cut => cut.Place),
        ];
    }

    /// <summary>Plays the recording back and stops at each cut.</summary>
    private async Task TryAsync(PowerRecording recording, List<Cut> cuts, Func<string, List<string>, int, Task> verify)
    {
        var disk = new PowerDisk();
        var said = new List<string>();
        int place = 0;
        foreach (Cut cut in cuts)
        {
            for (; place < cut.Place; place++)
            {
                PowerRecord record = recording.Records[place];
                if (record.Call == PowerCall.Said) said.Add(record.Text.TrimEnd('\n'));
                else disk.Play(place, record);
            }
            string own = Directory.CreateDirectory(folder["cut"]).FullName;
            disk.Cut(new Random(cut.Seed), cut.Loss, own);
            try
            {
                await verify(Path.Combine(own, "roost.db"), said, disk.Pending);
            }
            catch (Exception e)
            {
                throw new AssertionException(
                    $"After the power cut at record {cut.Place} of {recording.Records.Count}, losing {cut.Loss} of {disk.Pending} pending changes (loss " +
                    $"seed {cut.Seed}; {recording.Keep()}): {e.Message}",
                    e
                );
            }
            Directory.Delete(own, recursive: true);
        }
    }

    private static void Verify(string path, List<string> said)
    {
        int purging = said.LastIndexOf("purging"), purged = said.LastIndexOf("purged");
        FileAudit.MustAgree(path);
        FileAudit.MustHold(path, said.Skip(purging + 1));
        ArtifactAudit.MustBeThere(path);
        if (purged < purging) return;
        using SqliteConnection file = FileAudit.Open(path);
        var known = file.Query<string>("SELECT id FROM roost_work").ToHashSet();
        said.Take(Math.Max(purging, 0)).Where(line => line.Split(' ') is [_, var id, ..] && known.Contains(id)).Should().BeEmpty("what was purged is gone");
    }

    /// <summary>Whoever opens a file that is not there yet or half made makes it whole.</summary>
    private static async Task MakeAsync(string path)
    {
        await using var roost = new RoostRuntime(Options(path));
        await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(2)));
    }

    private static RoostOptions Options(string path) => ChildVerbs.Options(path) with { MaxInterruptions = 1000, Durability = Durability.None };

    private static async Task DrainAsync(string path)
    {
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(path)!, "*.lock"))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1)); // Old enough to be swept.
        await using RoostRuntime roost = new RoostRuntime(Options(path)).AddEngine(new ChildEngine(_ => { }));
        while (await roost.RunUntilIdleAsync().WaitAsync(Patience) is { Due: { } due })
            if (due - DateTimeOffset.UtcNow is { } left && left > TimeSpan.Zero) await Task.Delay(left);
    }
}
