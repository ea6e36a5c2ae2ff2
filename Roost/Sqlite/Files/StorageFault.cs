using System.Data;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Roost.Sqlite.Files;

/// <summary>Which errors of SQLite concern the file or the disk rather than one request, and what they leave certain.</summary>
internal static class StorageFault
{
    public static bool IsOne(Exception exception) => exception is SqliteException
    {
        SqliteErrorCode: SQLITE_BUSY or SQLITE_LOCKED or SQLITE_NOMEM or SQLITE_READONLY or SQLITE_IOERR or SQLITE_CORRUPT
            or SQLITE_FULL or SQLITE_CANTOPEN or SQLITE_PROTOCOL or SQLITE_NOTADB
    };

    /// <summary>
    /// Nothing that passes by itself: the file is not what SQLite or Roost has written, or the program is at fault. Which, the file tells; or the disk
    /// did not read it this time. See <see cref="Evidence"/>.
    /// </summary>
    public static bool IsLasting(Exception exception) => exception switch
    {
        SqliteException fault => SaysDamaged(fault) || !IsOne(fault),
        DataCorruptException => true,
        RoostException or IOException or UnauthorizedAccessException => false,
        _ => true,
    };

    /// <summary>SQLite's word for damage, which it gives as well where an error of the disk kept it from reading the schema.</summary>
    public static bool SaysDamaged(SqliteException fault) => fault.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB;

    /// <summary>
    /// What a read or a request throws that Roost does not throw on purpose: for a row that is not of the form that Roost gives it, or for a fault
    /// of the program. See <see cref="Evidence"/>.
    /// </summary>
    public static bool IsUnexpected(Exception exception) =>
        exception
            is JsonException
                or FormatException
                or InvalidCastException
                or OverflowException
                or DataException
                or ArgumentException
                or IndexOutOfRangeException
                or NullReferenceException
                or NotSupportedException
                or MemberAccessException
                or TypeLoadException
                or TypeInitializationException
                or (InvalidOperationException and not ObjectDisposedException);

    /// <summary>SQLite did what it was asked, and found tables or rows other than those that the statement was written for.</summary>
    public static bool IsUnclear(SqliteException fault) => fault.SqliteErrorCode is SQLITE_ERROR or SQLITE_CONSTRAINT or SQLITE_MISMATCH;

    /// <summary>
    /// Even out of COMMIT these mean that nothing was written: the frame that would make it valid comes last. They also leave the connection
    /// usable once the transaction is rolled back.
    /// </summary>
    public static bool IsDefinite(SqliteException fault) => fault.SqliteErrorCode is SQLITE_BUSY or SQLITE_LOCKED or SQLITE_FULL;
}
