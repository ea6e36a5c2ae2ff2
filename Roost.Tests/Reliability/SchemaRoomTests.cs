using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>What the schema leaves room for: a host's own tables, and conditions that come later without a table being written anew.</summary>
[TestFixture, Category("Reliability")]
internal sealed class SchemaRoomTests : FolderFixture
{
    private SqliteConnection db = null!;

    [SetUp]
    public async Task MakeAsync()
    {
        string path = folder["roost.db"];
        await using (var roost = new RoostRuntime(path)) await roost.EnqueueAsync(new WorkItem("scripted") { Id = "one" });
        db = FileAudit.Open(path);
    }

    [TearDown]
    public void Close() => db.Dispose();

    [Test]
    public void Each_table_and_index_has_a_name_that_a_host_would_not_give_its_own() =>
        Names("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'")
            .Should()
            .OnlyContain(name => name.StartsWith("roost_"))
            .And.HaveCountGreaterThan(30);

    [Test]
    public void Each_check_has_a_name_by_which_it_can_be_dropped()
    {
        string[] texts = Names("SELECT sql FROM sqlite_schema WHERE sql LIKE '%CHECK%'");
        texts.Should().NotBeEmpty();
        foreach (string text in texts)
            (text.Split("CHECK (").Length - 1).Should().Be(text.Split("CONSTRAINT roost_").Length - 1, text);
    }

    [Test]
    public void A_condition_and_a_mark_can_be_added_without_writing_the_table_anew()
    {
        const string Before = "SELECT rootpage FROM sqlite_schema WHERE name = 'roost_work'";
        string root = Names(Before).Single();
        Database.ExecuteScript(db,
            """
            ALTER TABLE roost_work DROP CONSTRAINT roost_work_state;
            ALTER TABLE roost_work ADD CONSTRAINT roost_work_state CHECK (state IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled'));
            ALTER TABLE roost_work DROP CONSTRAINT roost_work_placed;
            ALTER TABLE roost_work ADD CONSTRAINT roost_work_placed
                CHECK ((state IN ('queued', 'waiting')) = (ready_seq IS NOT NULL OR due_at IS NOT NULL OR blocked_on IS NOT NULL));
            ALTER TABLE roost_work ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE roost_lane_count DROP CONSTRAINT roost_lane_count_condition;
            ALTER TABLE roost_lane_count ADD CONSTRAINT roost_lane_count_condition CHECK (condition <> '');
            UPDATE roost_work SET state = 'waiting', ready_seq = NULL, due_at = 1;
            """);
        Names("SELECT id || ' ' || state FROM roost_work").Should().Equal("one waiting");
        Names(Before).Should().Equal(root);
        FluentActions
            .Invoking(() => Database.Execute(db, "UPDATE roost_work SET state = 'lost'"))
            .Should()
            .Throw<SqliteException>()
            .WithMessage("*roost_work_state*");
    }

    [TestCase("ALTER TABLE roost_work ADD CONSTRAINT roost_x CHECK (key > 0); ALTER TABLE roost_work ADD COLUMN paused INTEGER; CREATE TABLE roost_y (x)")]
    [TestCase("ALTER TABLE roost_work ADD CONSTRAINT roost_x CHECK (parent > 0); CREATE TABLE roost_y (x)")]
    [TestCase("SELECT 1; INSERT INTO roost_meta (key) VALUES ('x'); CREATE TABLE roost_y (x)")]
    public void An_error_within_a_script_is_told(string script) =>
        FluentActions.Invoking(() => Database.ExecuteScript(db, script)).Should().Throw<SqliteException>();

    private string[] Names(string sql) => [.. Dapper.SqlMapper.Query<string>(db, sql)];
}
