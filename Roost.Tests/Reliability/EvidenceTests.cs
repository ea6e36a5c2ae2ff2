using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// Damage is said only where the file shows it; a fault of the program, and a file that somebody else has migrated, are told as what they are.
/// </summary>
[TestFixture, Category("Reliability")]
internal sealed class EvidenceTests : FolderFixture
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Exception[] Unexpected =
    [
        new InvalidOperationException("no map"), new FormatException("no number"), new InvalidCastException("no text"), new MissingFieldException("no member"),
        new MissingMethodException("no constructor"), new NotSupportedException("no reflection"), new TypeInitializationException("Some.Type", null),
    ];

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [TestCaseSource(nameof(Unexpected))]
    public async Task A_fault_of_the_program_is_told_as_one_by_reads_and_by_writes(Exception fault)
    {
        await using RoostRuntime roost = await MadeAsync();

        Exception read = FluentActions.Invoking(() => new Reader(path, roost.Options).Run<int>(_ => throw fault)).Should().Throw<RoostException>().Which;
        Exception written = (await roost.Writer.Awaiting(it => it.RunAsync<int>(_ => throw fault)).Should().ThrowAsync<RoostException>()).Which;

        foreach (Exception told in new[] { read, written })
        {
            told.Should().NotBeOfType<DataCorruptException>();
            told.Message.Should()
                .ContainAll(path, fault.GetType().Name, fault.Message.TrimEnd('.'), "fault of this program")
                .And.NotContain("damaged")
                .And.NotContain("backup");
            told.InnerException.Should().BeSameAs(fault);
        }
        (await roost.GetAsync("only")).Summary.State.Should().Be(WorkState.Queued, "it goes on");
    }

    [Test]
    public async Task The_same_fault_is_told_as_damage_where_the_file_shows_it()
    {
        await using RoostRuntime roost = await MadeAsync();
        roost.Execute("UPDATE roost_work SET resource_count = 7");

        FluentActions
            .Invoking(() => new Reader(path, roost.Options).Run<int>(_ => throw new InvalidOperationException("no map")))
            .Should()
            .Throw<DataCorruptException>()
            .WithMessage($"{path} is damaged*number of names*only*no map*restore a backup*");
    }

    [Test]
    public async Task What_SQLite_calls_damaged_and_is_sound_is_told_as_a_fault_of_the_disk_and_stops_no_loop()
    {
        await using RoostRuntime roost = await MadeAsync();
        var malformed = new SqliteException("database disk image is malformed", SQLitePCL.raw.SQLITE_CORRUPT);

        Exception read = FluentActions.Invoking(() => new Reader(path, roost.Options).Run<int>(_ => throw malformed)).Should().Throw<RoostException>().Which;
        long since = Stopwatch.GetTimestamp();
        for (int i = 0; i < 4 || Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(3); i++)
        {
            Exception written = (await roost.Writer.Awaiting(it => it.RunAsync<int>(_ => throw malformed)).Should().ThrowAsync<RoostException>()).Which;
            written.Message.Should().Be(read.Message);
            await Task.Delay(200); // It must be met three times, and for two seconds, before a loop could stop.
        }

        read.Should().NotBeOfType<DataCorruptException>();
        read.Message.Should().ContainAll(path, malformed.Message, "shows no damage").And.NotContain("backup");
        roost.Writer.Stopped.IsCompleted.Should().BeFalse();
        (await roost.GetAsync("only")).Summary.State.Should().Be(WorkState.Queued, "it goes on");
    }

    [Test]
    public async Task A_statement_that_the_tables_do_not_fit_names_the_table_that_was_changed()
    {
        await using RoostRuntime roost = await MadeAsync();
        roost.Execute("ALTER TABLE roost_lane_count RENAME COLUMN n TO number");

        await roost.Awaiting(it => it.GetCountsAsync()).Should().ThrowAsync<DataCorruptException>().WithMessage("*lane_count is not as Roost makes it*");
    }

    [TestCase("schema-3.db.gz", "ALTER TABLE work RENAME COLUMN state TO status", "Whether the file has to do with it is not known: its schema version is 3*")]
    [TestCase("schema-5.db.gz", "ALTER TABLE roost_work RENAME COLUMN state TO status", "is damaged*roost_work is not as Roost makes it")]
    [TestCase("schema-9.db.gz", "DROP TABLE roost_work_input", "is damaged*roost_work_input is not as Roost makes it")]
    public async Task An_older_file_that_cannot_be_brought_up_to_date_is_told_as_what_it_is_and_stays_as_it_was(string kept, string change, string told)
    {
        await FixtureFile.UnpackAsync(kept, path);
        Probe.Execute(path, change);
        string[] before = Tables();

        FluentActions.Invoking(() => new RoostRuntime(path)).Should().Throw<RoostException>().WithMessage($"{path} *{told}*").Which.Message.Should()
            .NotContain("was opened");
        Tables().Should().Equal(before);

        string[] Tables()
        {
            using SqliteConnection file = FileAudit.Open(path);
            return [.. file.Query<string>("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL UNION ALL SELECT user_version FROM pragma_user_version")];
        }
    }

    [Test]
    public async Task A_file_that_a_newer_Roost_migrates_while_it_is_open_is_left_to_it_by_its_loop_its_writes_and_its_reads()
    {
        await using RoostRuntime roost = (await MadeAsync()).AddEngine(
            ScriptedEngine.From((state, _) => ScriptedEngine.GoOn(state + 1, TimeSpan.FromMilliseconds(1)))
        );
        await using RoostRuntime reading = new(path);
        await reading.GetAsync("only");
        Task loop = roost.RunAsync(CancellationToken.None);
        await Waiting.Until(() => roost.Number("SELECT version FROM roost_work") > 2);

        roost.Execute($"PRAGMA user_version = {Schema.Version + 1}");

        await RefusedAsync(() => loop.WaitAsync(Patience));
        Dictionary<string, long> left = FileAudit.Contents(path);
        await RefusedAsync(() => roost.EnqueueAsync(new WorkItem("scripted")));
        await RefusedAsync(() => roost.GetAsync("only"));
        await RefusedAsync(() => roost.WaitAsync("only", Patience));
        await RefusedAsync(() => reading.GetAsync("only"));
        await RefusedAsync(() => reading.CancelAsync("only"));
        FileAudit.Contents(path).Should().Equal(left, "nothing more is written by the rules of the older one");

        static async Task RefusedAsync(Func<Task> action)
        {
            FileRefusedException refused = (await action.Should().ThrowAsync<FileRefusedException>()).Which;
            refused.Cause.Should().Be(FileRefusal.NewerSchema);
            refused
                .Message.Should()
                .ContainAll($"schema version {Schema.Version + 1}", "newer Roost", "Nothing is damaged", "start it again with that version");
        }
    }

    [Test]
    public async Task What_is_stored_in_no_form_of_ours_is_shown_as_it_is_stored()
    {
        await using RoostRuntime roost = await MadeAsync();
        roost.Execute(
            "INSERT INTO roost_worker (id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, concurrency, " +
            "engines, queues) VALUES ('w', 1, 'm', 'l', 1, 1, 1, 1, 1, 1, '[{\"id\":7}]', '[]')"
        );
        await roost
            .Awaiting(it => it.ListWorkersAsync())
            .Should()
            .ThrowAsync<DataCorruptException>()
            .WithMessage("What engines worker w serves*[{\"id\":7}]*damaged*");
        roost.Execute("INSERT INTO roost_meta (key, value) VALUES ('events_watermark', 'many')");
        await roost.Awaiting(it => it.ListEventsAsync()).Should().ThrowAsync<DataCorruptException>().WithMessage("*\"many\"*damaged*");
    }

    private async Task<RoostRuntime> MadeAsync()
    {
        var roost = new RoostRuntime(new RoostOptions { Path = path, LoggerFactory = new FailingLog() });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "only" });
        return roost;
    }
}
