using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>Reads a runtime's file with plain SQL, past everything that the runtime remembers; and writes to it what another process might have.</summary>
internal static class Probe
{
    public static long Number(this RoostRuntime runtime, string sql, params object[] values) => Convert.ToInt64(Value(runtime, sql, values), System.Globalization.CultureInfo.InvariantCulture);

    public static string Text(this RoostRuntime runtime, string sql, params object[] values) => (string)Value(runtime, sql, values)!;

    public static int Execute(this RoostRuntime runtime, string sql, params object[] values)
    {
        using SqliteConnection connection = Open(runtime);
        using SqliteCommand command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>Takes the write lock, as another process in a long transaction would, until disposed.</summary>
    public static IDisposable Lock(this RoostRuntime runtime)
    {
        SqliteConnection connection = Open(runtime);
        using SqliteCommand begin = Command(connection, "BEGIN IMMEDIATE", []);
        begin.ExecuteNonQuery();
        return connection;
    }

    /// <summary>The kinds of an item's events, in order.</summary>
    public static List<string> EventsOf(this RoostRuntime runtime, string workId) =>
        Rows(runtime, "SELECT e.kind FROM event e JOIN work w ON w.key = e.work WHERE w.id = $0 ORDER BY e.seq", workId);

    /// <summary>The ids of the items whose lease was taken, in that order.</summary>
    public static List<string> ClaimsOf(this RoostRuntime runtime) =>
        Rows(runtime, "SELECT w.id FROM event e JOIN work w ON w.key = e.work WHERE e.kind = 'claimed' ORDER BY e.seq");

    public static List<string> Rows(this RoostRuntime runtime, string sql, params object[] values)
    {
        using SqliteConnection connection = Open(runtime);
        using SqliteCommand command = Command(connection, sql, values);
        using SqliteDataReader reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read()) found.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        return found;
    }

    public static string StateOf(this RoostRuntime runtime, string workId) => Text(runtime, "SELECT state FROM work WHERE id = $0", workId);

    public static long Column(this RoostRuntime runtime, string workId, string column) => Number(runtime, $"SELECT {column} FROM work WHERE id = $0", workId);

    private static object? Value(RoostRuntime runtime, string sql, object[] values)
    {
        using SqliteConnection connection = Open(runtime);
        using SqliteCommand command = Command(connection, sql, values);
        return command.ExecuteScalar();
    }

    private static SqliteConnection Open(RoostRuntime runtime)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = runtime.Path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, object[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i}", values[i]);
        return command;
    }
}
