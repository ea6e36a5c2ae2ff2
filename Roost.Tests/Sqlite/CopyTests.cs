using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A copy that was made by hand is told as one, where that is certain; what was moved, restored or linked is not.</summary>
[TestFixture]
internal sealed class CopyTests : FolderFixture
{
    private string path = null!, other = null!;

    [SetUp]
    public async Task MakeAsync()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("A file is known by its inode on Linux alone.");
        path = folder["roost.db"];
        other = Path.Combine(Directory.CreateDirectory(folder["else where"]).FullName, "copy #1.db");
        await using var roost = new RoostRuntime(path);
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "only" });
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_copy_is_told_by_each_worker_that_starts_and_by_the_doctor_until_it_is_adopted(bool vacuumed)
    {
        if (vacuumed) Probe.Execute(path, "VACUUM INTO $0", other);
        else File.Copy(path, other);

        for (int i = 0; i < 2; i++) (await WarningsAsync(other)).Should().ContainSingle().Which.Should().ContainAll(other, path, "done twice", "roost adopt");
        FileCheck told = await IdentityAsync(other);
        (told.Status, told.Found).Should().Be((CheckStatus.Warning, $"a copy of {path}, made by hand: both have the same identity and the same work"));
        told.Advice.Should().Contain("roost adopt");
        (await WarningsAsync(path)).Should().BeEmpty("it is the original");
        (await IdentityAsync(path)).Found.Should().Be("an original");

        string identity = Probe.Text(other, "SELECT value FROM roost_meta WHERE key = 'file_id'");
        await using (var copy = new RoostRuntime(other)) await copy.AdoptAsync("a trial");

        Probe.Text(other, "SELECT value FROM roost_meta WHERE key = 'file_id'").Should().NotBe(identity);
        (await WarningsAsync(other)).Should().BeEmpty();
        (await IdentityAsync(other)).Found.Should().Be("an original");
        await using var adopted = new RoostRuntime(other);
        await adopted.Awaiting(it => it.AdoptAsync()).Should().ThrowAsync<ConflictException>();
    }

    private static IEnumerable<TestCaseData> Moves()
    {
        yield return Named("renamed", (path, other) => File.Move(path, other));
        yield return Named("copied, and the original deleted", (path, other) =>
        {
            File.Copy(path, other);
            File.Delete(path);
        });
        yield return Named("hard link", (path, other) => Link(path, other));
        yield return Named("copied, and another file put in the original's place", (path, other) =>
        {
            File.Copy(path, other);
            File.Delete(path);
            new RoostRuntime(path).DisposeAsync().AsTask().GetAwaiter().GetResult();
        });
        yield return Named("copied, and a text put in the original's place", (path, other) =>
        {
            File.Copy(path, other);
            File.WriteAllText(path, new string('x', 10_000));
        });

        static TestCaseData Named(string name, Action<string, string> move) => new TestCaseData(move).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Moves))]
    public async Task What_may_be_the_only_file_is_no_copy(Action<string, string> move)
    {
        move(path, other);

        (await IdentityAsync(other)).Found.Should().Be("an original");
        (await WarningsAsync(other)).Should().BeEmpty();
        FilePlace.Read(Probe.Text(other, "SELECT value FROM roost_meta WHERE key = 'place'"))!.Path.Should().Be(other, "it is known there from now on");
        await using var roost = new RoostRuntime(other);
        await roost.Awaiting(it => it.AdoptAsync()).Should().ThrowAsync<ConflictException>();
    }

    [Test]
    public async Task A_file_that_was_restored_to_its_place_is_no_copy()
    {
        File.Copy(path, other);
        File.Delete(path);
        File.Copy(other, path);

        (await WarningsAsync(path)).Should().BeEmpty();
        (await IdentityAsync(path)).Found.Should().Be("an original");
    }

    [Test]
    public async Task A_place_that_somebody_else_has_written_into_a_file_leads_to_no_change_of_another()
    {
        string victim = folder["victim.db"];
        await using (new RoostRuntime(victim)) { }
        byte[] before = await File.ReadAllBytesAsync(victim);
        Probe.Execute(path, "UPDATE roost_meta SET value = $0 WHERE key = 'place'", new FilePlace(OpenFile.NodeAt(victim)!, victim).Write());

        (await WarningsAsync(path)).Should().BeEmpty("it has another identity");

        (await File.ReadAllBytesAsync(victim)).Should().Equal(before);
        Directory.GetFiles(folder.Root, "victim*").Should().Equal(victim);
    }

    private static async Task<FileCheck> IdentityAsync(string file) =>
        (await RoostRuntime.CheckFileAsync(file, full: false)).Single(check => check.Name == "identity");

    /// <summary>What is logged as a warning while a worker starts and finds nothing to do.</summary>
    private static async Task<IReadOnlyList<string>> WarningsAsync(string file)
    {
        var log = new Warnings();
        await using RoostRuntime roost = new RoostRuntime(new RoostOptions { Path = file, LoggerFactory = log }).AddEngine(
            new ScriptedEngine((_, _) => throw new InvalidOperationException("Nothing is to run."), "idle")
        );
        await roost.RunUntilIdleAsync();
        return log.Said;
    }

    private sealed class Warnings : TestLog
    {
        public List<string> Said { get; } = [];

        public override bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            lock (Said) Said.Add(formatter(state, exception));
        }
    }

    private static void Link(string path, string other) => HardLink(path, other).Should().Be(0);

    [DllImport("libc", EntryPoint = "link", CharSet = CharSet.Ansi)]
    private static extern int HardLink([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string other);
}
