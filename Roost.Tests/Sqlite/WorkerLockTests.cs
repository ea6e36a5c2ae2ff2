using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class WorkerLockTests : FolderFixture
{
    [Test]
    public void A_lock_that_is_held_says_that_its_worker_lives()
    {
        using WorkerLock held = WorkerLock.Take(folder["a.lock"]);

        WorkerLock.IsFree(folder["a.lock"]).Should().BeFalse();
    }

    [Test]
    public void A_lock_that_nobody_holds_says_that_its_worker_is_dead()
    {
        File.WriteAllText(folder["a.lock"], "");

        WorkerLock.IsFree(folder["a.lock"]).Should().BeTrue();
    }

    [Test]
    public void A_missing_lock_says_nothing() => WorkerLock.IsFree(folder["a.lock"]).Should().BeNull();

    [Test]
    public void A_lock_that_is_let_go_is_gone()
    {
        WorkerLock.Take(folder["a.lock"]).Dispose();

        File.Exists(folder["a.lock"]).Should().BeFalse();
    }

    [Test]
    public async Task A_starting_worker_sweeps_old_locks_that_nobody_holds_and_no_others()
    {
        string path = folder["roost.db"];
        string dead = Make("roost.db.0123456789ab.lock"), foreign = Make("other.db.0123456789ab.lock"), live = folder["roost.db.aaaaaaaaaaaa.lock"];
        string starting = folder["roost.db.bbbbbbbbbbbb.lock"];
        await File.WriteAllTextAsync(starting, "");
        using WorkerLock held = WorkerLock.Take(live);
        File.SetLastWriteTimeUtc(live, DateTime.UtcNow.AddHours(-1));
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(ScriptedEngine.CountingTo(1));

        await roost.RunUntilIdleAsync();

        File.Exists(dead).Should().BeFalse();
        File.Exists(live).Should().BeTrue("its worker lives");
        File.Exists(foreign).Should().BeTrue("it belongs to another file");
        File.Exists(starting).Should().BeTrue("its worker may be about to lock it");
    }

    private string Make(string name)
    {
        File.WriteAllText(folder[name], "");
        File.SetLastWriteTimeUtc(folder[name], DateTime.UtcNow.AddHours(-1));
        return folder[name];
    }
}
