using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// All that a file holds: the texts of its schema, and every row of every table as text, in which a long value is its hash. Tables are known by their names
/// without roost_, which the first three schemas did not have.
/// </summary>
internal sealed class FileValues
{
    private const int LongestShown = 200;
    private const string Prefix = "roost_", Sequences = "sqlite_sequence";

    private readonly Dictionary<string, string[]> columns = [];

    public List<string> Schema { get; }

    public Dictionary<string, string[]> Rows { get; } = [];

    private FileValues(string path, FileValues? asIn)
    {
        using SqliteConnection file = FileAudit.Open(path);
        Schema =
        [
            .. file.Query<string>("SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema ORDER BY type, name"),
            $"version {file.ExecuteScalar<long>("PRAGMA user_version")}",
        ];
        foreach (string name in file.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table'").AsList())
        {
            string table = WithoutPrefix(name);
            string[] own = [.. file.Query<string>("SELECT name FROM pragma_table_info(@name)", new { name })];
            if (asIn is not null && !asIn.columns.ContainsKey(table)) continue;
            columns[table] = asIn?.columns[table] ?? own;
            Rows[table] =
            [
                .. file.Query<string>($"SELECT concat_ws(', ', {string.Join(", ", columns[table].Select(Quoted))}) FROM \"{name}\"")
                    .Select(row => Shown(table, row))
                    .Order(StringComparer.Ordinal),
            ];
        }
    }

    public static FileValues Of(string path) => new(path, null);

    /// <summary>The file holds these, in the same schema.</summary>
    public void MustBeUnchangedIn(string path, string when)
    {
        Of(path).Schema.Should().Equal(Schema, when);
        MustBeKeptIn(path, when);
    }

    /// <summary>The file holds these in the columns that there were, and no other rows.</summary>
    public void MustBeKeptIn(string path, string when)
    {
        var now = new FileValues(path, this);
        foreach ((string table, string[] rows) in Rows)
            if (table == Sequences) rows.Except(now.Rows[table]).Should().BeEmpty("no key is given again ({0})", when);
            else now.Rows[table].Should().Equal(rows, "{0} is kept ({1})", table, when);
    }

    /// <summary>The file holds these in the columns that there were, and others beside; in the tables named it may hold something else.</summary>
    public void MustBeAmongThoseIn(string path, string when, params string[] except)
    {
        var now = new FileValues(path, this);
        foreach ((string table, string[] rows) in Rows.Where(pair => !except.Contains(pair.Key)))
            rows.Except(now.Rows[table]).Should().BeEmpty("{0} is kept ({1})", table, when);
    }

    private static string Shown(string table, string row) =>
        row.Length > LongestShown ? FileAudit.Hash(row)
        : table == Sequences ? row.Replace(Prefix, "")
        : row;

    private static string WithoutPrefix(string table) => table.StartsWith(Prefix, StringComparison.Ordinal) ? table[Prefix.Length..] : table;

    private static string Quoted(string column) => $"quote(\"{column}\")";
}
