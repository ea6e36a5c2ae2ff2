using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The data file: how it is made, what is refused, and what happens when it cannot be written.</summary>
[TestFixture]
internal sealed class FileTests : FolderFixture
{
    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public async Task Its_owner_alone_can_read_it()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("Windows has no such mode; the folder's access list decides.");
            return;
        }
        await using var roost = new RoostRuntime(path);
        await roost.EnqueueAsync(new WorkItem("e"));

        foreach (string file in Directory.GetFiles(folder.Root, "roost.db*"))
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
    }

    [TestCase(Durability.Full, 2)]
    [TestCase(Durability.ProcessCrash, 1)]
    [TestCase(Durability.None, 0)]
    public void The_write_connection_has_the_settings_that_the_promises_need(Durability durability, long synchronous)
    {
        var options = new RoostOptions { Path = path, Durability = durability, BusyTimeout = TimeSpan.FromSeconds(3) };
        Database.Prepare(path, options);
        using SqliteConnection connection = Database.OpenForWriting(path, options);

        Pragma("journal_mode").Should().Be("wal");
        Pragma("synchronous").Should().Be(synchronous);
        Pragma("busy_timeout").Should().Be(3000L);
        Pragma("auto_vacuum").Should().Be(2L, "incremental");
        Pragma("application_id").Should().Be(0x526F7374L);
        Pragma("user_version").Should().Be(Schema.Version);
        Pragma("trusted_schema").Should().Be(0L);
        Pragma("cell_size_check").Should().Be(1L);
        Pragma("fullfsync").Should().Be(1L);

        object Pragma(string name) => connection.ExecuteScalar($"PRAGMA {name}")!;
    }

    [Test]
    public async Task A_clean_close_leaves_one_file()
    {
        await using (RoostRuntime roost = new RoostRuntime(path).AddEngine(ScriptedEngine.CountingTo(3)))
            await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted")));

        Directory.GetFiles(folder.Root).Should().Equal(path);
    }

    [Test]
    public async Task An_empty_file_is_a_new_one()
    {
        await File.WriteAllBytesAsync(path, []);
        await using var roost = new RoostRuntime(path);

        (await roost.EnqueueAsync(new WorkItem("e"))).Created.Should().BeTrue();
    }

    [Test]
    public void Text_is_refused_and_left_alone()
    {
        File.WriteAllText(path, "These are my notes.");

        Refused(FileRefusal.Foreign).Message.Should().ContainAll(path, "not a Roost database", "another path");
        File.ReadAllText(path).Should().Be("These are my notes.");
    }

    [TestCase("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)", "another program", "application id 0")]
    [TestCase("PRAGMA application_id = 7", "another program", "application id 7")]
    [TestCase("PRAGMA user_version = 3", "another program", "user version 3")]
    [TestCase("CREATE TABLE mine (a); PRAGMA application_id = 1383035764; PRAGMA user_version = 99", "schema version 99", "Update Roost")]
    public async Task Another_programs_file_or_a_newer_one_is_refused_and_left_alone(string made, params string[] parts)
    {
        using (SqliteConnection other = new($"Data Source={path};Pooling=false"))
        {
            other.Open();
            other.Execute(made);
        }
        byte[] before = await File.ReadAllBytesAsync(path);

        Refused(parts[0].StartsWith("schema", StringComparison.Ordinal) ? FileRefusal.NewerSchema : FileRefusal.Foreign)
            .Message.Should()
            .ContainAll(parts)
            .And.Contain(path);
        (await File.ReadAllBytesAsync(path)).Should().Equal(before);
        Directory.GetFiles(folder.Root).Should().Equal(path);
    }

    [Test]
    public void A_folder_as_path_is_refused()
    {
        Directory.CreateDirectory(path);

        Refused(FileRefusal.NoPlace).Message.Should().ContainAll(path, "is a folder", "name a file in it");
    }

    [Test]
    public void A_missing_folder_is_refused_and_not_made()
    {
        path = folder["missing/roost.db"];

        Refused(FileRefusal.NoPlace).Message.Should().ContainAll("missing", "does not exist", "create it first");
        Directory.Exists(folder["missing"]).Should().BeFalse();
    }

    [Test]
    public async Task A_file_on_a_read_only_file_system_is_refused()
    {
        await using (new RoostRuntime(path)) { }
        await using Mount mount = await Mount.ReadOnlyAsync(folder.Root);

        Refused(FileRefusal.ReadOnly).Message.Should().ContainAll(path, "read-only");
        path = folder["new.db"];
        Refused(FileRefusal.NoAccess).Message.Should().ContainAll(path, "cannot be created");
    }

    [Test]
    public async Task A_symbolic_link_means_the_file_that_it_leads_to_and_all_that_is_beside_it()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("Windows lets only administrators make symbolic links.");
        Directory.CreateDirectory(folder["real"]);
        Directory.CreateDirectory(folder["links"]);
        string real = folder[Path.Combine("real", "work.db")], link = folder[Path.Combine("links", "roost.db")];
        File.CreateSymbolicLink(link, "second");
        File.CreateSymbolicLink(folder[Path.Combine("links", "second")], real);

        await using var roost = new RoostRuntime(link);
        string id = await roost.EnqueueAsync(new WorkItem("e"));
        await using var beside = new RoostRuntime(real);

        (roost.Path, beside.Path).Should().Be((real, real));
        beside.StateOf(id).Should().Be(WorkState.Queued);
        Directory.GetFiles(folder["links"]).Should().HaveCount(2, "nothing is made beside a link");
        (await RoostRuntime.CheckFileAsync(link)).Single(check => check.Name == "size").Found.Should().NotContain("log 0 bytes");
        File.Delete(link);
        File.CreateSymbolicLink(link, link);
        Func<RoostRuntime> open = () => new RoostRuntime(link);
        open.Should().Throw<FileRefusedException>().WithMessage($"{link} leads nowhere*");
    }

    [Test]
    public async Task An_enqueue_waits_for_a_lock_as_long_as_it_may_and_then_says_who_is_in_the_way()
    {
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, BusyTimeout = TimeSpan.FromSeconds(1) });
        using SqliteConnection other = FileAudit.Open(path);
        other.Execute("BEGIN IMMEDIATE");

        long since = Stopwatch.GetTimestamp();
        await roost
            .Awaiting(it => it.EnqueueAsync(new WorkItem("e")))
            .Should()
            .ThrowAsync<FileBusyException>()
            .WithMessage($"{path} is locked by another process*nothing was written*Try again*");
        Stopwatch.GetElapsedTime(since).TotalSeconds.Should().BeInRange(0.9, 4);

        other.Execute("ROLLBACK");
        FileAudit.Count(path, "roost_work").Should().Be(0);
        (await roost.EnqueueAsync(new WorkItem("e"))).Created.Should().BeTrue("it goes on");
    }

    [Test]
    public async Task Whoever_asks_while_another_waits_for_the_lock_waits_no_longer_in_all()
    {
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, BusyTimeout = TimeSpan.FromSeconds(3) });
        using SqliteConnection other = FileAudit.Open(path);
        other.Execute("BEGIN IMMEDIATE");
        Task first = roost.EnqueueAsync(new WorkItem("e")), second;
        await Waiting.Until(() => roost.Writer.Pending == 0);
        long since = Stopwatch.GetTimestamp();
        second = roost.EnqueueAsync(new WorkItem("e"));

        await FluentActions.Awaiting(() => second).Should().ThrowAsync<FileBusyException>();

        await FluentActions.Awaiting(() => first.WaitAsync(TimeSpan.FromMilliseconds(500))).Should().ThrowAsync<FileBusyException>("it asked before");
        Stopwatch.GetElapsedTime(since).TotalSeconds.Should().BeInRange(2.5, 5.5, "3 s from when it asked, not 3 s more after the first was told");
    }

    [Test]
    public async Task A_step_whose_commit_meets_a_lock_is_saved_later_and_not_run_again()
    {
        int calls = 0;
        using SqliteConnection other = new($"Data Source={path};Pooling=false");
        var engine = ScriptedEngine.From((state, _) =>
        {
            Interlocked.Increment(ref calls);
            other.Open();
            other.Execute("BEGIN IMMEDIATE");
            return ScriptedEngine.Finish(state + 1);
        });
        var log = new WaitingLog("could not be saved");
        await using RoostRuntime roost = new RoostRuntime(
            new RoostOptions
            {
                Path = path,
                BusyTimeout = TimeSpan.FromSeconds(1),
                LoggerFactory = log,
            }
        ).AddEngine(engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> done = roost.RunUntilDoneAsync(id);
        await log.Seen.WaitAsync(TimeSpan.FromSeconds(30));

        other.Execute("ROLLBACK");

        (await done.WaitAsync(TimeSpan.FromSeconds(30))).State.Should().Be(WorkState.Done);
        calls.Should().Be(1);
        FileAudit.MustAgree(path);
    }

    [Test]
    public async Task A_full_disk_is_told_and_survived()
    {
        await using Mount mount = await Mount.SmallAsync(folder.Root, "2m");
        var log = new WaitingLog("could not be saved");
        int calls = 0;
        string ballast = folder["ballast"];
        var engine = ScriptedEngine.From((state, _) =>
        {
            Interlocked.Increment(ref calls);
            Fill(ballast);
            return ScriptedEngine.Finish(state + 1);
        });
        await using RoostRuntime roost = new RoostRuntime(new RoostOptions { Path = path, LoggerFactory = log }).AddEngine(engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task<WorkSummary> done = roost.RunUntilDoneAsync(id);
        await log.Seen.WaitAsync(TimeSpan.FromSeconds(30));

        await roost
            .Awaiting(it => it.EnqueueAsync(new WorkItem("e", new { big = new string('x', 500_000) }) { Id = "refused" }))
            .Should()
            .ThrowAsync<DiskFullException>()
            .WithMessage($"The disk of {path} is full; nothing was written. Free space*");
        FileAudit.Count(path, "roost_work").Should().Be(1, "reads work, and nothing was written");
        File.Delete(ballast);

        (await done.WaitAsync(TimeSpan.FromSeconds(30))).State.Should().Be(WorkState.Done, "it goes on once there is space");
        calls.Should().Be(1, "the engine is not run again for a disk");
        (await roost.EnqueueAsync(new WorkItem("e") { Id = "refused" })).Created.Should().BeTrue();
        FileAudit.MustAgree(path);
    }

    [Test]
    public async Task Each_enqueue_beside_a_dispose_either_is_in_the_file_or_threw()
    {
        var roost = new RoostRuntime(path);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<List<string>>[] callers = [.. Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var enqueued = new List<string>();
            while (true)
            {
                try
                {
                    enqueued.Add(await roost.EnqueueAsync(new WorkItem("e")));
                    if (enqueued.Count == 50) first.TrySetResult();
                }
                catch (ObjectDisposedException)
                {
                    return enqueued;
                }
            }
        }))];
        await first.Task.WaitAsync(TimeSpan.FromSeconds(30));

        await roost.DisposeAsync();

        string[] acknowledged = [.. (await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(30))).SelectMany(ids => ids)];
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>("SELECT id FROM roost_work").Should().BeEquivalentTo(acknowledged, "an answer is true, whichever it is");
        FileAudit.MustAgree(path);
    }

    private FileRefusedException Refused(FileRefusal cause)
    {
        FileRefusedException refused = FluentActions.Invoking(() => new RoostRuntime(path)).Should().Throw<FileRefusedException>().Which;
        refused.Cause.Should().Be(cause);
        return refused;
    }

    private static void Fill(string file)
    {
        using FileStream stream = new(file, FileMode.Create, FileAccess.Write, FileShare.None, 1);
        byte[] block = new byte[4096];
        try
        {
            while (true) stream.Write(block);
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }
}
