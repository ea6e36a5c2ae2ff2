using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// The file, its log or its index is deleted or replaced while a runtime has it open: noticed within a tenth of a second, and the runtime stops.
/// </summary>
[TestFixture]
[Category("Reliability")]
[Platform(Exclude = "Win", Reason = "Windows lets nobody delete or replace an open file.")]
internal sealed class TakenFileTests : FolderFixture
{
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(2);

    private string path = null!;
    private byte[] replacement = [];

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public async Task Nothing_is_acknowledged_after_the_file_was_seen_to_be_gone([Values("", "-wal", "-shm")] string which, [Values] Taken how)
    {
        await using RoostRuntime roost = new(path);
        List<string> acknowledged = await EnqueueAsync(roost, 20);
        Take(path + which, how);

        long since = Stopwatch.GetTimestamp();
        FileRefusedException? refused = null;
        for (int i = 0; refused is null; i++)
        {
            Stopwatch.GetElapsedTime(since).Should().BeLessThan(SoonEnough, "it looks ten times a second");
            try
            {
                acknowledged.Add(await roost.EnqueueAsync(new WorkItem("e") { Id = $"late-{i}" }));
            }
            catch (FileRefusedException e)
            {
                refused = e;
            }
        }
        TimeSpan noticed = Stopwatch.GetElapsedTime(since);

        refused.Message.Should().ContainAll(path, "deleted or replaced while it was open", "Put the right file back");
        for (int i = 0; i < 5; i++) await RefusedAsync(() => roost.EnqueueAsync(new WorkItem("e")));
        await RefusedAsync(() => roost.GetCountsAsync());
        await RefusedAsync(() => roost.BackupAsync(folder["copy.db"]));
        await roost.DisposeAsync();
        TestContext.Out.WriteLine($"noticed after {noticed.TotalMilliseconds:N0} ms");
        if (which.Length == 0) MustBeUntouched(how);
        else await MustHoldAsync(acknowledged);
    }

    [Test]
    public async Task A_loop_with_nothing_to_do_notices_it_too_and_ends([Values("", "-wal")] string which, [Values] Taken how)
    {
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(ScriptedEngine.CountingTo(2));
        await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) });
        Task loop = roost.RunAsync(CancellationToken.None);
        await Waiting.Until(() => roost.Writer.IsAsleep || !OperatingSystem.IsLinux());
        Take(path + which, how);

        await RefusedAsync(() => loop.Soon());
        Directory.GetFiles(folder.Root, "*.lock").Should().BeEmpty();
    }

    [Test]
    public async Task Whoever_waits_is_told_and_a_step_that_runs_is_cancelled()
    {
        var gate = new Gate();
        CancellationReason? why = null;
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(new ScriptedEngine(async (state, context) =>
        {
            await gate.UntilFiredAsync(context.CancellationToken);
            why = context.CancellationReason;
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        Task loop = roost.RunUntilDoneAsync(id), waiting = roost.WaitAsync(id), watching = WatchAsync(roost);
        await gate.Reached;
        Take(path, Taken.Deleted);

        await RefusedAsync(() => waiting.Soon());
        await RefusedAsync(() => watching.Soon());
        await RefusedAsync(() => loop.Soon());
        why.Should().NotBeNull("what it brings cannot be saved");
    }

    [Test]
    public async Task The_host_that_owns_its_loop_is_told()
    {
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(ScriptedEngine.CountingTo(2));
        await roost.EnqueueAsync(new WorkItem("scripted") { Delay = TimeSpan.FromHours(1) });
        await roost.RunUntilIdleAsync();
        Take(path, Taken.Replaced);

        long since = Stopwatch.GetTimestamp();
        await RefusedAsync(async () =>
        {
            while (Stopwatch.GetElapsedTime(since) < SoonEnough) await roost.RunUntilIdleAsync();
        });
        await RefusedAsync(() => roost.StepOnceAsync());
        MustBeUntouched(Taken.Replaced);
    }

    [Test]
    public async Task A_read_alone_notices_it()
    {
        await using RoostRuntime roost = new(path);
        await roost.EnqueueAsync(new WorkItem("e") { Id = "mine" });
        await roost.GetAsync("mine");
        Take(path, Taken.Replaced);

        await RefusedAsync(() => roost.GetAsync("mine"));
    }

    private void Take(string file, Taken how)
    {
        if (how == Taken.Replaced && !OperatingSystem.IsLinux()) Assert.Ignore("That another file lies there is known on Linux only.");
        File.Exists(file).Should().BeTrue();
        if (how == Taken.Deleted)
        {
            File.Delete(file);
            return;
        }
        string other = folder["other"];
        if (file == path) Database.Prepare(other, new RoostOptions { Path = other }); // Of the same kind, such as a backup that somebody puts back.
        else File.WriteAllBytes(other, []);
        replacement = File.ReadAllBytes(other);
        File.Move(other, file, overwrite: true);
    }

    /// <summary>What lies there now is not what was opened, and nothing of ours is in it.</summary>
    private void MustBeUntouched(Taken how)
    {
        if (how == Taken.Deleted) File.Exists(path).Should().BeFalse("nobody makes it anew");
        else File.ReadAllBytes(path).Should().Equal(replacement, "nothing of ours is written into it");
    }

    private async Task MustHoldAsync(List<string> acknowledged)
    {
        await using (new RoostRuntime(path)) { }
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>("SELECT id FROM roost_work")
            .Should()
            .BeEquivalentTo(acknowledged, "the database is there, and nothing that was acknowledged is lost with its log");
        FileAudit.MustAgree(path);
    }

    private static async Task<List<string>> EnqueueAsync(RoostRuntime roost, int count)
    {
        var ids = new List<string>();
        for (int i = 0; i < count; i++) ids.Add(await roost.EnqueueAsync(new WorkItem("e") { Id = $"early-{i}" }));
        return ids;
    }

    private static async Task WatchAsync(RoostRuntime roost)
    {
        await foreach (WorkEvent _ in roost.WatchEventsAsync()) { }
    }

    private static async Task RefusedAsync(Func<Task> action) =>
        (await action.Should().ThrowAsync<FileRefusedException>()).Which.Cause.Should().Be(FileRefusal.TakenAway);

    public enum Taken
    {
        Deleted,
        Replaced,
    }
}
