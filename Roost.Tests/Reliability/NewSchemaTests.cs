using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A file that is new is made by one script, and is what all versions in turn would have made of it.</summary>
[TestFixture, Category("Reliability")]
internal sealed class NewSchemaTests : FolderFixture
{
    private const string Approve = "ROOST_APPROVE_SCHEMA";

    [Test]
    public void The_script_of_a_new_file_says_what_all_versions_make_in_turn()
    {
        using var made = new SqliteConnection("Data Source=:memory:");
        made.Open();
        Schema.RunScripts(made, 0, Schema.Version);
        IEnumerable<string> objects = made.Query<string>(
            """
            SELECT object.sql FROM sqlite_schema object JOIN sqlite_schema its ON its.name = object.tbl_name
            WHERE object.sql IS NOT NULL AND object.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY its.rowid, object.rowid
            """
        );
        string now = $"-- Roost, schema {Schema.Version}: the tables of a data file.\n" +
            $"-- Written by {nameof(NewSchemaTests)} and by nobody else: what the scripts of Migrations make in turn.\n\n" +
            string.Concat(objects.Select(sql => $"{sql};\n"));
        string path = SourceTree.PathOf("Roost", "Sqlite", "schema.sql");
        if (Environment.GetEnvironmentVariable(Approve) == "1") File.WriteAllText(path, now);

        string kept = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";

        now.Should().Be(kept, $"whoever adds a version runs this test with {Approve}=1, which rewrites schema.sql, builds again and commits that file");
    }

    [Test]
    public async Task A_new_file_holds_what_one_holds_that_went_through_all_versions()
    {
        string fresh = folder["fresh.db"], migrated = folder["migrated.db"];
        await using (new RoostRuntime(fresh)) { }
        using (SqliteConnection file = new($"Data Source={migrated};Pooling=False"))
        {
            file.Open();
            Schema.RunScripts(file, 0, 1);
            file.Execute($"PRAGMA application_id = {Database.ApplicationId}; PRAGMA user_version = 1");
        }
        await using (new RoostRuntime(migrated)) { }

        FileValues made = FileValues.Of(fresh), grown = FileValues.Of(migrated);

        made.Schema.Should().Equal(grown.Schema);
        foreach ((string table, string[] rows) in grown.Rows)
            if (table is not ("meta" or "sqlite_sequence")) made.Rows[table].Should().Equal(rows, "that is {0}", table);
    }
}
