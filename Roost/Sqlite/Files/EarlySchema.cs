using Microsoft.Data.Sqlite;

namespace Roost.Sqlite.Files;

/// <summary>
/// Schema 1 was changed twice in its first hour, in place, by builds that nobody was given: a column of the writers had another name, and artifacts had a
/// unique constraint where there is an index now. Such a file is brought to the schema 1 that landed before anything else is done with it. It cannot
/// happen again: a test holds the text of each schema that has landed.
/// </summary>
internal static class EarlySchema
{
    private const string HasFirstColumn = "SELECT count(*) FROM pragma_table_info('writer') WHERE name = 'opened_at'";

    private const string HasConstraint =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'artifact' AND name = 'sqlite_autoindex_artifact_1'";

    private const string MendArtifacts =
        """
        ALTER TABLE artifact RENAME TO artifact_early;
        CREATE TABLE artifact (
            key INTEGER PRIMARY KEY,
            work INTEGER NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            kind TEXT NOT NULL,
            media_type TEXT NOT NULL,
            blob INTEGER,
            uri TEXT,
            metadata TEXT,
            at INTEGER NOT NULL,
            CHECK ((blob IS NULL) <> (uri IS NULL))
        ) STRICT;
        INSERT INTO artifact (key, work, name, version, kind, media_type, blob, uri, metadata, at)
        SELECT key, work, name, version, kind, media_type, blob, uri, metadata, at FROM artifact_early;
        DROP TABLE artifact_early;
        CREATE INDEX artifact_work ON artifact (work, name, version);
        CREATE INDEX artifact_blob ON artifact (blob) WHERE blob IS NOT NULL;
        """;

    public static bool IsIn(SqliteConnection db) => Holds(db, HasFirstColumn) || Holds(db, HasConstraint);

    /// <summary>Runs within the transaction of the migration.</summary>
    public static void Mend(SqliteConnection db)
    {
        if (Holds(db, HasFirstColumn)) Database.Execute(db, "ALTER TABLE writer RENAME COLUMN opened_at TO saved_at");
        if (Holds(db, HasConstraint)) Database.Execute(db, MendArtifacts);
    }

    private static bool Holds(SqliteConnection db, string sql) => (long)Database.Scalar(db, sql)! > 0;
}
