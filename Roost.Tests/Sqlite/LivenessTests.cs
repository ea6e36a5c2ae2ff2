using System.Diagnostics;
using Roost.Native;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What says whether another worker lives, where locks do not work as usual: switched off in .NET, kept by no file system, another user's.</summary>
[TestFixture]
internal sealed class LivenessTests : FolderFixture
{
    private const string Lease = "30000";
    private static readonly Dictionary<string, string> SwitchedOff = new() { ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = "1" };

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public async Task A_process_that_has_switched_file_locks_off_is_seen_to_live_and_to_die_and_sees_it()
    {
        string held = await EnqueueAsync(new ChildPayload(3, Waits: true));
        await using ChildProcess first = ChildProcess.StartWith(SwitchedOff, "work", path, Lease, "1", "5");
        await first.WaitForAsync($"saw {held} 2");
        await using ChildProcess second = ChildProcess.StartWith(SwitchedOff, "work", path, Lease, "4", "5");
        await MustLeaveAloneAsync(second);
        WorkerLock.IsFree(LockFiles()[0]).Should().BeFalse();

        await first.KillAsync();

        await second.WaitForAsync($"saw {held} 2");
    }

    [Test]
    public async Task A_worker_whose_lock_locks_nothing_says_so_shows_that_it_lives_while_idle_and_is_left_alone_until_its_lease_is_over()
    {
        Dictionary<string, string> noLocks = FaultShim.Environment(await NativeShim.CompileAsync(folder.Root, "nolocks"));
        await using ChildProcess first = ChildProcess.StartWith(noLocks, "work", path, "6000", "1", "5");
        await first.WaitForAsync("open");
        await UntilAsync(() => FileAudit.Count(path, "roost_worker") == 1);
        Probe.Text(path, "SELECT lock_file FROM roost_worker").Should().BeEmpty("nobody can know by it");
        LockFiles().Should().BeEmpty();
        await UntilAsync(() => Probe.Number(path, "SELECT heartbeat FROM roost_worker") > 1);
        string held = await EnqueueAsync(new ChildPayload(3, Waits: true));
        await first.WaitForAsync($"saw {held} 2");
        await using ChildProcess second = ChildProcess.Start("work", path, Lease, "4", "5");
        await MustLeaveAloneAsync(second);

        await first.KillAsync();

        await second.WaitForAsync($"saw {held} 2");
        first.Errors.Should().Contain("File locks tell nothing in");
    }

    [Test]
    public async Task Who_cannot_see_its_own_lock_takes_nobody_else_for_dead()
    {
        Dictionary<string, string> noLocks = FaultShim.Environment(await NativeShim.CompileAsync(folder.Root, "nolocks"));
        string held = await EnqueueAsync(new ChildPayload(3, Waits: true));
        await using ChildProcess first = ChildProcess.Start("work", path, Lease, "1", "5");
        await first.WaitForAsync($"saw {held} 2");
        await using ChildProcess second = ChildProcess.StartWith(noLocks, "work", path, Lease, "4", "5");

        await MustLeaveAloneAsync(second);

        LockFiles().Should().ContainSingle("the first has its lock still");
    }

    [Test]
    public async Task A_workspace_is_locked_where_file_locks_are_switched_off_and_refused_where_none_are_kept()
    {
        await using ChildProcess holder = ChildProcess.StartWith(SwitchedOff, "lock", folder["a.lock"]);
        await holder.WaitForAsync("locked");
        FileLock.TryTake(folder["a.lock"], new FileStreamOptions { Mode = FileMode.OpenOrCreate }).Should().BeNull();
        await holder.StopAsync();
        using (FileLock? free = FileLock.TryTake(folder["a.lock"], new FileStreamOptions { Mode = FileMode.OpenOrCreate })) free!.IsProven.Should().BeTrue();

        await using ChildProcess refused = ChildProcess.StartWith(
            FaultShim.Environment(await NativeShim.CompileAsync(folder.Root, "nolocks")),
            "lock",
            folder["b.lock"]
        );

        (await refused.WaitForAsync("refused")).Should().Contain("keeps no locks");
    }

    [Test]
    public void A_lock_may_be_opened_by_those_who_may_open_the_database_and_nobody_else()
    {
        if (OperatingSystem.IsWindows()) return; // There are no such modes.
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite, Shared = Own | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        File.WriteAllText(path, "");
        foreach (UnixFileMode mode in (UnixFileMode[])[Own, Shared])
        {
            File.SetUnixFileMode(path, mode);
            using WorkerLock held = WorkerLock.Take(folder["a.lock"], path);

            File.GetUnixFileMode(folder["a.lock"]).Should().Be(mode);
        }
        File.SetUnixFileMode(folder.Root, Shared | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        FileRights.Within(folder.Root).Should().Be(Shared);
    }

    [Test]
    public void A_lock_that_may_not_be_opened_says_nothing()
    {
        Directory.CreateDirectory(folder["a.lock"]); // Refused to root as well.

        WorkerLock.IsFree(folder["a.lock"]).Should().BeNull();
    }

    [Test]
    public async Task A_service_users_worker_takes_over_at_once_from_a_worker_of_root_that_was_killed()
    {
        const string User = "65534";
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) Assert.Ignore("Running a worker as another user takes root on Linux.");
        string held = await EnqueueAsync(new ChildPayload(3, Waits: true));
        foreach (string owned in Directory.GetFiles(folder.Root).Append(folder.Root)) await MustRunAsync("chown", $"{User}:{User}", owned);
        await using ChildProcess root = ChildProcess.Start("work", path, Lease);
        await root.WaitForAsync($"saw {held} 2");
        if (!await CanRunAsync(User)) Assert.Ignore("setpriv is missing, or user 65534 cannot run the tests from where they are.");
        await root.KillAsync();

        long since = Stopwatch.GetTimestamp();
        await using ChildProcess service = ChildProcess.StartAs(User, "work", path, Lease);
        await service.WaitForAsync($"saw {held} 2");

        Probe.Number(path, "SELECT count(*) FROM roost_event WHERE kind = 'interrupted'").Should().Be(1);
        Stopwatch.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromSeconds(25), "nobody waits for the lease of 30 s");
    }

    /// <summary>It has looked at the others by the time that it works; what they hold stays theirs.</summary>
    private async Task MustLeaveAloneAsync(ChildProcess worker)
    {
        string own = await EnqueueAsync(new ChildPayload(2));
        await worker.WaitForAsync($"saw {own} 2");
        await UntilAsync(() => FileAudit.Count(path, $"roost_work WHERE id = '{own}' AND state = 'done'") == 1);
        FileAudit.Count(path, "roost_event WHERE kind IN ('interrupted', 'worker_lost')").Should().Be(0);
        FileAudit.Count(path, "roost_worker").Should().Be(2);
    }

    private string[] LockFiles() => Directory.GetFiles(folder.Root, "*.lock");

    private async Task<string> EnqueueAsync(ChildPayload payload)
    {
        await using var roost = new RoostRuntime(ChildVerbs.Options(path));
        return await roost.EnqueueAsync(new WorkItem("child", payload));
    }

    private static async Task<bool> CanRunAsync(string user)
    {
        try
        {
            using Process run = Process.Start(
                new ProcessStartInfo("setpriv", [$"--reuid={user}", $"--regid={user}", "--clear-groups", "test", "-r", typeof(ChildProcess).Assembly.Location])
            )!;
            await run.WaitForExitAsync();
            return run.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task MustRunAsync(string program, params string[] arguments)
    {
        using Process run = Process.Start(program, arguments);
        await run.WaitForExitAsync();
        run.ExitCode.Should().Be(0, "{0} {1}", program, string.Join(' ', arguments));
    }

    /// <summary>Another process cannot tell this one; the file is looked at until it says so.</summary>
    private static async Task UntilAsync(Func<bool> met)
    {
        long since = Stopwatch.GetTimestamp();
        while (!met())
        {
            Stopwatch.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromSeconds(60), "a child has to get there");
            await Task.Delay(20);
        }
    }
}
