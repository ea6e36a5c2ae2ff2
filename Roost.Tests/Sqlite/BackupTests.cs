using System.Collections.Concurrent;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class BackupTests : FolderFixture
{
    [Test]
    public async Task A_backup_under_load_is_whole_and_goes_on_from_its_own_snapshots_once_adopted()
    {
        const int items = 100, target = 300;
        var enough = new TaskCompletionSource();
        int steps = 0;
        ScriptedEngine busy = ScriptedEngine.From((state, _) =>
        {
            if (Interlocked.Increment(ref steps) == 500) enough.SetResult();
            return state + 1 == target ? ScriptedEngine.Finish(state + 1) : ScriptedEngine.GoOn(state + 1);
        });
        await using (RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 64 }, null, busy))
        {
            await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ => new WorkItem("scripted")));
            using var stop = new CancellationTokenSource();
            Task running = roost.RunAsync(stop.Token);
            await Safely(enough.Task);
            await Safely(roost.BackupAsync(folder["copy.db"]));
            await stop.CancelAsync();
            await Safely(running);
        }

        FileAudit.MustAgree(folder["copy.db"]);
        Probe.Number(folder["copy.db"], "SELECT count(*) FROM roost_work WHERE state = 'running'").Should().BeGreaterThan(0, "it was taken while steps ran");
        var continued = new ConcurrentDictionary<string, int>();
        await using var copy = new RoostRuntime(folder["copy.db"]);
        copy.AddEngine(ScriptedEngine.From((state, context) =>
        {
            continued.TryAdd(context.Item.Id, state);
            return ScriptedEngine.Finish(state);
        }));
        Dictionary<string, long> stored = Enumerable.Range(1, items).ToDictionary(
            key => Probe.Text(folder["copy.db"], "SELECT id FROM roost_work WHERE key = $0", key),
            key => Probe.Number(folder["copy.db"], $"SELECT coalesce((SELECT s.data FROM roost_snapshot s WHERE s.work = w.key AND s.version = " +
                $"w.version), 0) FROM roost_work w WHERE key = {key} AND state <> 'done'"));
        await copy.AdoptAsync();
        await copy.RunUntilIdleAsync();

        continued.Should().NotBeEmpty();
        continued.Should().AllSatisfy(item => item.Value.Should().Be((int)stored[item.Key]));
        copy.Totals().Done.Should().Be(items);
        FileAudit.MustAgree(copy.Path);
        copy.Items().Select(item => copy.Detail(item.Id)).Should().OnlyContain(item => item.Interruptions + item.Failures == 0, "nobody died");
    }

    [Test]
    public async Task A_copy_runs_and_changes_nothing_before_it_is_adopted()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(3));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.StepOnceAsync();
        await roost.BackupAsync(folder["copy.db"]);
        await using var copy = new RoostRuntime(new RoostOptions { Path = folder["copy.db"], Triggers = [new("scripted", "next")] });
        copy.AddEngine(ScriptedEngine.CountingTo(3));
        long seq = await copy.GetLastSequenceAsync();

        await RefusedAsync(() => copy.RunUntilIdleAsync());
        await RefusedAsync(() => copy.StepOnceAsync());
        await RefusedAsync(() => copy.CancelAsync(id));
        await RefusedAsync(async () => await copy.EnqueueAsync(new WorkItem("scripted")));
        await RefusedAsync(() => copy.PurgeAsync(new(TimeSpan.Zero)));

        (await copy.GetLastSequenceAsync()).Should().Be(seq);
        copy.Number("SELECT count(*) FROM roost_trigger_rule").Should().Be(0);
        copy.Workers().Should().HaveCount(1, "the worker of the original, as it was");
    }

    [Test]
    public async Task Adoption_gives_a_new_identity_and_gives_back_leases_resources_and_pins_uncharged()
    {
        var started = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        string? keyThere = null, keyHere = null;
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Concurrency = 2 }, null, new ScriptedEngine(async (state, context) =>
        {
            await context.AddArtifactAsync("pinned.bin", new MemoryStream([1, 2, 3]));
            keyThere = context.IdempotencyKey;
            started.TrySetResult();
            await Safely(go.Task);
            return ScriptedEngine.Finish(state);
        }));
        string first = await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["r"], ResourceHold = ResourceHold.Life });
        string second = await roost.EnqueueAsync(new WorkItem("scripted") { Resources = ["r"] });
        Task running = roost.RunUntilIdleAsync();
        await Safely(started.Task);
        await Safely(roost.BackupAsync(folder["copy.db"]));
        go.SetResult();
        await Safely(running);
        Probe.Number(folder["copy.db"], "SELECT count(*) FROM roost_blob_pin").Should().Be(1, "the upload was pinned at that moment");

        await using var copy = new RoostRuntime(folder["copy.db"]);
        copy.AddEngine(ScriptedEngine.From((state, context) =>
        {
            if (context.Item.Id == first) keyHere = context.IdempotencyKey;
            return ScriptedEngine.Finish(state);
        }));
        await copy.AdoptAsync("moved");

        copy.Workers().Should().BeEmpty();
        copy.ContentRows().Should().Be(0);
        copy.Items()
            .Select(item => copy.Detail(item.Id))
            .Should()
            .OnlyContain(item => item.Summary.State != WorkState.Running && item.Interruptions + item.Failures == 0);
        copy.Events(EventKinds.Adopted).Should().ContainSingle().Which.Data!.Value.GetProperty("reason").GetString().Should().Be("moved");
        await copy.RunUntilIdleAsync();
        (await copy.WaitAsync(first)).State.Should().Be(WorkState.Done);
        (await copy.WaitAsync(second)).State.Should().Be(WorkState.Done);
        keyHere.Should().NotBeNull().And.NotBe(keyThere, "the outside call of the copy is another one");
    }

    [Test]
    public async Task A_file_that_is_no_copy_cannot_be_adopted_nor_a_copy_twice()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await FluentActions.Awaiting(() => roost.AdoptAsync()).Should().ThrowAsync<ConflictException>();
        await roost.BackupAsync(folder["copy.db"]);
        await using var copy = new RoostRuntime(folder["copy.db"]);
        await copy.AdoptAsync();
        await FluentActions.Awaiting(() => copy.AdoptAsync()).Should().ThrowAsync<ConflictException>();
    }

    [Test]
    public async Task A_backup_of_a_copy_is_a_copy_of_the_original()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await roost.BackupAsync(folder["copy.db"]);
        await using var copy = new RoostRuntime(folder["copy.db"]);
        await copy.BackupAsync(folder["second.db"]);

        string original = roost.Text("SELECT value FROM roost_meta WHERE key = 'file_id'");
        Probe.Text(folder["second.db"], "SELECT value FROM roost_meta WHERE key = 'copy_of'").Should().Be(original);
        await using var second = new RoostRuntime(folder["second.db"]);
        await RefusedAsync(async () => await second.EnqueueAsync(new WorkItem("scripted")));
    }

    [Test]
    public async Task A_backup_is_one_file_in_wal_mode_that_only_its_owner_reads()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await roost.BackupAsync(folder["copy.db"]);

        Directory.GetFiles(folder.Root).Should().Equal(folder["copy.db"]);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(folder["copy.db"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Probe.Text(folder["copy.db"], "PRAGMA journal_mode").Should().Be("wal");
        Probe.Number(folder["copy.db"], "PRAGMA auto_vacuum").Should().Be(2);
    }

    [TestCase("")]
    [TestCase("-wal")]
    [TestCase("-journal")]
    public async Task What_is_there_already_is_left_alone(string suffix)
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await File.WriteAllTextAsync(folder["copy.db"] + suffix, "mine");

        (await FluentActions.Awaiting(() => roost.BackupAsync(folder["copy.db"])).Should().ThrowAsync<ConflictException>())
            .Which.Message.Should()
            .Contain(folder["copy.db"] + suffix);
        (await File.ReadAllTextAsync(folder["copy.db"] + suffix)).Should().Be("mine");
        Directory.GetFiles(folder.Root).Should().HaveCount(1);
    }

    [Test]
    public async Task A_place_where_no_file_can_be_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        await FluentActions.Awaiting(() => roost.BackupAsync(" ")).Should().ThrowAsync<InvalidInputException>();
        await FluentActions.Awaiting(() => roost.BackupAsync(roost.Path)).Should().ThrowAsync<ConflictException>();
        await FluentActions.Awaiting(() => roost.BackupAsync(folder.Root)).Should().ThrowAsync<ConflictException>();
        await RefusedAsync(() => roost.BackupAsync(folder[Path.Combine("missing", "copy.db")]));
    }

    [Test]
    public async Task A_backup_that_is_given_up_leaves_nothing()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var backup = new Backup(roost.Path, roost.Options);

        FluentActions.Invoking(() => backup.Run(folder["copy.db"], cancelled.Token)).Should().Throw<OperationCanceledException>();
        Directory.GetFiles(folder.Root).Should().BeEmpty();
    }

    private static async Task RefusedAsync(Func<Task> action) => await action.Should().ThrowAsync<FileRefusedException>();

    private static Task Safely(Task task) => task.WaitAsync(TimeSpan.FromSeconds(60));
}
