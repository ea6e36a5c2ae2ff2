using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Roost.Sqlite.Files;

/// <summary>
/// A read transaction: all that is read until it is disposed is of one moment. Not one of the provider's, which every command would have to be given.
/// </summary>
internal sealed class ReadTransaction : IDisposable
{
    private readonly SqliteConnection db;

    public ReadTransaction(SqliteConnection db)
    {
        this.db = db;
        using var begin = new Statement(db.Handle!, "BEGIN DEFERRED");
        begin.Run();
    }

    public void Dispose() => sqlite3_exec(db.Handle!, "ROLLBACK"); // Nothing was written; where SQLite has ended it already, there is nothing to end.
}
