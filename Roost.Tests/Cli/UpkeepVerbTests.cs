using System.Text.Json;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class UpkeepVerbTests
{
    private CommandFolder roost = null!;

    [SetUp]
    public async Task SetUp()
    {
        roost = new();
        await roost.EnqueueAsync();
        await roost.WorkAsync();
    }

    [TearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task Finished_work_is_counted_and_then_removed()
    {
        (await roost.RunAsync("prune", "--older-than", "1d")).Ends(0).Output.Should().StartWith("0 ");
        (await roost.RunAsync("prune", "--older-than", "0s", "--dry-run", "--json")).Ends(0).Json.GetProperty("count").GetInt32().Should().Be(1);
        (await roost.RunAsync("prune", "--older-than", "0s", "--yes", "--json")).Ends(0).Json.GetProperty("count").GetInt32().Should().Be(1);
        (await roost.RunAsync("list")).Ends(0).Output.Should().BeEmpty();
        (await roost.RunAsync("prune", "--older-than", "0s", "--states", "running")).Ends(2);
        (await roost.RunAsync("prune")).Ends(2);
    }

    [Test]
    public async Task Nothing_is_removed_where_nobody_can_be_asked_and_nobody_said_yes()
    {
        (await roost.RunAsync("prune", "--older-than", "0s"))
            .Ends(2)
            .Error.Should()
            .Contain("1 work item (1 done) would be removed; nothing was")
            .And.Contain("--yes");
        (await roost.RunAsync("prune", "--older-than", "30", "--yes")).Ends(2).Error.Should().Contain("--older-than is \"30\"; a number needs its unit");
        (await roost.RunAsync("list", "--json")).Ends(0).Json.GetProperty("items").GetArrayLength().Should().Be(1);
        (await roost.RunAsync("prune", "--older-than", "0s", "-y")).Ends(0).Output.Should().StartWith("1 work item removed");
    }

    [TestCase("n", 1)]
    [TestCase("", 1)]
    [TestCase("y", 0)]
    public async Task A_person_is_asked_with_all_that_would_go(string answer, int left)
    {
        Terminal.IgnoreWhereMissing();
        await roost.EnqueueAsync("--id", "item-2");
        (await roost.RunAsync("cancel", "item-2")).Ends(0);
        await using var terminal = Terminal.Start(roost.Folder, "roost prune --older-than 0s");

        await terminal.WaitForAsync("Go on? [y/N]");
        await terminal.TypeAsync($"{answer}\n");
        await terminal.EndAsync();

        terminal.Seen.Should().Contain("2 work items (1 done, 1 cancelled) would be removed, with all snapshots, events and artifacts of theirs.");
        (await roost.RunAsync("list", "--json")).Ends(0).Json.GetProperty("items").GetArrayLength().Should().Be(left * 2);
    }

    [Test]
    public async Task A_backup_changes_nothing_until_it_is_adopted()
    {
        (await roost.RunAsync("backup", "copy.db", "--json")).Ends(0).Json.GetProperty("bytes").GetInt64().Should().BePositive();
        (await roost.RunAsync("backup", "copy.db")).Ends(4);

        CommandResult refused = await roost.RunAsync("enqueue", "-e", "demo", "--db", "copy.db");
        (await roost.RunAsync("adopt", "--db", "copy.db")).Ends(0);

        refused.Ends(1).Error.Should().Contain("roost adopt");
        (await roost.RunAsync("enqueue", "-e", "demo", "--db", "copy.db")).Ends(0);
        (await roost.RunAsync("adopt")).Ends(4);
    }

    [Test]
    public async Task The_doctor_finds_a_sound_file_sound()
    {
        CommandResult result = await roost.RunAsync("doctor", "--json");

        result.Ends(0).Json.GetProperty("healthy").GetBoolean().Should().BeTrue();
        result.Json.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString())
            .Should().OnlyHaveUniqueItems().And.Contain(["integrity", "schema", "pragmas", "disk_space", "leases", "engines"]);
    }

    [Test]
    public async Task The_doctor_tells_what_nobody_serves_and_an_open_file()
    {
        (await roost.RunAsync("enqueue", "-e", "nobody")).Ends(0);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(roost.Database, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        JsonElement checks = (await roost.RunAsync("doctor", "--json")).Ends(0).Json.GetProperty("checks");

        StatusOf(checks, "engines").Should().Be("warning");
        if (!OperatingSystem.IsWindows()) StatusOf(checks, "permissions").Should().Be("warning");
    }

    [Test]
    public async Task The_doctor_finds_a_lease_of_no_worker()
    {
        Change("UPDATE roost_work SET state = 'running', worker = 99, token = 1, ready_seq = NULL");

        CommandResult result = await roost.RunAsync("doctor", "--json");

        StatusOf(result.Ends(1).Json.GetProperty("checks"), "leases").Should().Be("error");
        StatusOf(result.Json.GetProperty("checks"), "counts").Should().Be("error");
        result.Json.GetProperty("healthy").GetBoolean().Should().BeFalse();
    }

    [Test]
    public async Task The_doctor_goes_on_where_the_file_is_damaged()
    {
        Change("PRAGMA wal_checkpoint(TRUNCATE)");
        await using (FileStream file = File.OpenWrite(roost.Database))
        {
            file.Position = 4096;
            file.Write(new byte[(int)(file.Length - 4096)]);
        }

        (await roost.RunAsync("doctor", "--json")).Ends(1).Json.GetProperty("healthy").GetBoolean().Should().BeFalse();
    }

    private static string? StatusOf(JsonElement checks, string name) =>
        checks.EnumerateArray().Single(check => check.GetProperty("name").GetString() == name).GetProperty("status").GetString();

    private void Change(string sql)
    {
        using var db = new SqliteConnection($"Data Source={roost.Database};Pooling=False");
        db.Open();
        using SqliteCommand command = db.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
