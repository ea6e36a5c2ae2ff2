using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// Reads a runtime's file with plain SQL, past everything that the runtime remembers; and writes to it what another process might have.
/// Values are bound to <c>$0</c>, <c>$1</c>, ... in their order.
/// </summary>
internal static class Probe
{
    public static long Number(this RoostRuntime runtime, string sql, params object[] values) => Number(runtime.Path, sql, values);

    public static long Number(string path, string sql, params object[] values) => Convert.ToInt64(Value(path, sql, values), CultureInfo.InvariantCulture);

    public static string Text(this RoostRuntime runtime, string sql, params object[] values) => Text(runtime.Path, sql, values);

    public static string Text(string path, string sql, params object[] values) => (string)Value(path, sql, values)!;

    public static int Execute(this RoostRuntime runtime, string sql, params object[] values) => Execute(runtime.Path, sql, values);

    public static int Execute(string path, string sql, params object[] values)
    {
        using SqliteConnection connection = FileAudit.Open(path);
        using SqliteCommand command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>Takes the write lock, as another process in a long transaction would, until disposed.</summary>
    public static IDisposable Lock(this RoostRuntime runtime)
    {
        SqliteConnection connection = FileAudit.Open(runtime.Path);
        using SqliteCommand begin = Command(connection, "BEGIN IMMEDIATE", []);
        begin.ExecuteNonQuery();
        return connection;
    }

    /// <summary>The first column of every row.</summary>
    public static List<string> Rows(this RoostRuntime runtime, string sql, params object[] values) =>
        Table(runtime, sql, values).ConvertAll(row => Convert.ToString(row[0], CultureInfo.InvariantCulture)!);

    public static List<object[]> Table(this RoostRuntime runtime, string sql, params object[] values)
    {
        using SqliteConnection connection = FileAudit.Open(runtime.Path);
        using SqliteCommand command = Command(connection, sql, values);
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }
        return rows;
    }

    public static long Column(this RoostRuntime runtime, string workId, string column) =>
        Number(runtime, $"SELECT {column} FROM roost_work WHERE id = $0", workId);

    /// <summary>Rows of content that is stored or on its way.</summary>
    public static long ContentRows(this RoostRuntime runtime) =>
        Number(runtime, "SELECT (SELECT count(*) FROM roost_blob) + (SELECT count(*) FROM roost_blob_chunk) + (SELECT count(*) FROM roost_blob_pin)");

    private static object? Value(string path, string sql, object[] values)
    {
        using SqliteConnection connection = FileAudit.Open(path);
        using SqliteCommand command = Command(connection, sql, values);
        return command.ExecuteScalar();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, object[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++) command.Parameters.Add(values[i] as SqliteParameter ?? new SqliteParameter($"${i}", values[i]));
        return command;
    }
}
