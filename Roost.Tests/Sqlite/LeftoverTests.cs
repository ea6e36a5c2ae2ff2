using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What killed backups and creations leave is removed by the next backup and by the doctor; nothing else is.</summary>
[TestFixture]
internal sealed class LeftoverTests : FolderFixture
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private const int ContentBytes = 24 * 1024 * 1024;

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [TestCase(false)]
    [TestCase(true)]
    public async Task What_a_killed_backup_leaves_goes_with_the_next_one_and_with_the_doctor(bool byDoctor)
    {
        await using RoostRuntime roost = await WithContentAsync();
        string left = await KillBackupAsync();
        Old(left);

        if (byDoctor) (await LeftoversAsync()).Found.Should().MatchRegex("^removed 1 files \\([\\d,]+ bytes\\) that killed backups or creations had left$");
        else await roost.BackupAsync(folder["next.db"]);

        Directory.GetFiles(folder.Root, "*.new*").Should().BeEmpty();
        (await LeftoversAsync()).Should().Be(new FileCheck("leftovers", CheckStatus.Ok, "none", null));
    }

    [Test]
    public async Task A_copy_that_is_being_written_is_left_to_whoever_writes_it()
    {
        await using var roost = new RoostRuntime(path);
        string fresh = Copy("fresh.db"), held = Copy("held.db"), ahead = Copy("ahead.db");
        File.SetLastWriteTimeUtc(ahead, DateTime.UtcNow.AddDays(1));
        using SqliteConnection writing = FileAudit.Open(held);
        using SqliteCommand begin = writing.CreateCommand();
        begin.CommandText = "BEGIN EXCLUSIVE";
        begin.ExecuteNonQuery();
        Old(held);

        (await LeftoversAsync()).Found.Should().Be("none");

        foreach (string file in new[] { fresh, held, ahead }) File.Exists(file).Should().BeTrue(file);
    }

    [Test]
    public async Task Nothing_goes_that_is_not_certainly_such_a_file()
    {
        await using var roost = new RoostRuntime(path);
        string blank = folder[$"old.db.{Id}.new"],
            text = folder[$"notes.{Id}.new"],
            foreign = folder[$"mine.db.{Id}.new"],
            named = Copy("named.db", "0123.new"),
            linked = folder[$"linked.{Id}.new"];
        await File.WriteAllBytesAsync(blank, new byte[8192]); // As a build without a first page left it, and perhaps as somebody else leaves his.
        await File.WriteAllTextAsync(text, new string('x', 200));
        using (var made = new SqliteConnection($"Data Source={foreign};Pooling=false"))
        {
            made.Open();
            using SqliteCommand create = made.CreateCommand();
            create.CommandText = "CREATE TABLE mine (a)";
            create.ExecuteNonQuery();
        }
        string empty = folder[$"empty.db.{Id}.new"];
        await File.WriteAllBytesAsync(empty, []);
        File.CreateSymbolicLink(linked, path);
        foreach (string file in new[] { blank, text, foreign, named, empty }) Old(file);

        FileCheck found = await LeftoversAsync();

        found.Status.Should().Be(CheckStatus.Warning);
        found.Found.Should().Be($"removed 1 files (0 bytes) that killed backups or creations had left; not removed: {Path.GetFileName(blank)}");
        foreach (string file in new[] { blank, text, foreign, named, linked }) File.Exists(file).Should().BeTrue(file);
        File.Exists(empty).Should().BeFalse("a killed creation leaves it");
    }

    /// <summary>Has a child make backups, and kills it in the middle of one.</summary>
    private async Task<string> KillBackupAsync()
    {
        for (int tries = 0; tries < 20; tries++)
        {
            await using ChildProcess child = ChildProcess.Start("backups", path);
            await child.WaitForAsync("open");
            await Waiting.Until(() => Made().Any(file => new FileInfo(file).Length > 100_000));
            await child.KillAsync();
            if (Made() is [string left]) return left;
        }
        throw new TimeoutException("No backup was killed in its middle.");

        string[] Made() => Directory.GetFiles(folder.Root, "*.new");
    }

    private async Task<RoostRuntime> WithContentAsync()
    {
        RoostRuntime roost = new RoostRuntime(new RoostOptions { Path = path, Durability = Durability.None }).AddEngine(
            Artifacts.Once(context => context.AddArtifactAsync("large.bin", new MemoryStream(Artifacts.Bytes(ContentBytes))))
        );
        await Artifacts.RunAsync(roost);
        return roost;
    }

    private string Copy(string name, string end = $"{Id}.new")
    {
        string made = folder[$"{name}.{end}"];
        Probe.Execute(path, "VACUUM INTO $0", made);
        return made;
    }

    private static void Old(string file)
    {
        foreach (string each in new[] { file, $"{file}-journal", $"{file}-wal", $"{file}-shm" }.Where(File.Exists))
            File.SetLastWriteTimeUtc(each, DateTime.UtcNow.AddMinutes(-2));
    }

    private async Task<FileCheck> LeftoversAsync() => (await RoostRuntime.CheckFileAsync(path, full: false)).Single(check => check.Name == "leftovers");
}
