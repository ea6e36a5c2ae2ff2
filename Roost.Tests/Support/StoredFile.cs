using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Storage;

namespace Roost.Tests.Support;

/// <summary>Looks into a runtime's file, or damages it, behind the runtime's back.</summary>
internal static class StoredFile
{
    public static long Number(this RoostRuntime roost, string sql) => Number(roost.Path, sql);

    public static long Number(string path, string sql) => Convert.ToInt64(Scalar(path, sql), CultureInfo.InvariantCulture);

    public static object? Scalar(string path, string sql)
    {
        using SqliteConnection connection = Database.OpenForReading(path, new RoostOptions());
        return Database.Scalar(connection, sql);
    }

    public static void Execute(this RoostRuntime roost, string sql)
    {
        using SqliteConnection connection = Database.OpenForWriting(roost.Path, roost.Options);
        Database.Execute(connection, sql);
    }

    /// <summary>Rows of content that is stored or on its way.</summary>
    public static long ContentRows(this RoostRuntime roost) =>
        roost.Number("SELECT (SELECT count(*) FROM blob) + (SELECT count(*) FROM blob_chunk) + (SELECT count(*) FROM blob_pin)");
}
