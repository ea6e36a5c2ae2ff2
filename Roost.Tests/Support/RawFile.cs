using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>Reaches behind the runtime into its file: to bring about what a test cannot wait for, and to see what is really stored.</summary>
internal static class RawFile
{
    public static int Execute(RoostRuntime roost, string sql, params (string Name, object Value)[] values)
    {
        using SqliteConnection connection = Open(roost);
        using SqliteCommand command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    public static List<object[]> Query(RoostRuntime roost, string sql, params (string Name, object Value)[] values)
    {
        using SqliteConnection connection = Open(roost);
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

    private static SqliteCommand Command(SqliteConnection connection, string sql, (string Name, object Value)[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in values) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private static SqliteConnection Open(RoostRuntime roost)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = roost.Path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
