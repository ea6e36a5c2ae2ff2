using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// Every text that reaches SQLite is fixed when the product is compiled; values are bound. Read from the source by the compiler: the SQL argument of
/// each statement, command and query is a constant, or put together of constants and whole numbers alone, whatever methods it goes through.
/// </summary>
[TestFixture]
[Category("Reliability")]
internal sealed class SqlTextTests
{
    /// <summary>Where texts are put together in a way that the reading does not follow, and why it is sound.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["string.Join(\" AND \", conditions)"] =
            "SelectionTest: conditions are constants with the number of a parameter put in; Add is called with constants alone, which its own test shows",
        ["invariant.Violations"] = "Checkup: one of Invariant.All, constants that are put together when the assembly is loaded",
        ["string.Join(\", \", Names)"] = "WorkTable: the names of an enum's members",
        ["string.Join(\", \", Setters)"] = "WorkTable: the same, each with the number of its parameter",
        ["Resource(\"schema.sql\")"] = "Schema: what makes a new file, embedded too",
        ["Script(Scripts[version])"] = "Schema: a migration, an .sql file that is embedded in the assembly",
    };

    /// <summary>What the reading has to find: one value within a text in each of these methods.</summary>
    private const string Bad =
        """
        using System.Collections.Generic;
        using System.Linq;
        using Dapper;
        using Microsoft.Data.Sqlite;
        using Roost.Sqlite.Files;
        namespace Roost.Sqlite.Queries;
        internal static class Bad
        {
            public static object Interpolated(SqliteConnection db, string id) => db.Query<string>($"SELECT id FROM roost_work WHERE id = '{id}'");
            public static object Concatenated(SqliteConnection db, string id) => db.Query<string>("SELECT id FROM roost_work WHERE id = '" + id + "'");
            public static object Formatted(SqliteConnection db, string id) => db.Execute(string.Format(null, "DELETE FROM roost_work WHERE id = '{0}'", id));
            public static object Returned(SqliteConnection db, string id) => db.Execute(Through(id));
            public static object Handed(SqliteConnection db, string id) => Run(db, id);
            public static object Prepared(string id) => new Statement(null!, $"SELECT {id}");
            public static object Set(SqliteConnection db, string id) => db.CreateCommand().CommandText = id;
            public static object Fixed(SqliteConnection db) => Run(db, "SELECT 1");
            private static string Through(string id) => "SELECT '" + id + "'";
            private static int Run(SqliteConnection db, string sql) => db.Execute(sql);
        }
        """;

    private SqlReading reading = null!;

    [OneTimeSetUp]
    public void Read() => reading = new(Source("Roost"), Allowed.Keys, Bad);

    [Test]
    public void The_text_of_every_statement_is_fixed_when_it_is_compiled()
    {
        reading.Sinks.Should().BeGreaterThan(100, "the statements are found");
        reading
            .Doubts.Where(doubt => !doubt.Contains(SqlReading.More, StringComparison.Ordinal))
            .Should()
            .BeEmpty("values are bound, and never written into SQL");
        reading.AllowedUsed.Should().BeEquivalentTo(Allowed.Keys, "an exception that nobody needs is taken out");
        Effort.Report($"{reading.Sinks} texts of SQL in {reading.Files} files, each fixed at compile time");
    }

    [Test]
    public void A_value_within_a_text_is_found_however_it_gets_there() =>
        reading.Doubts.Where(doubt => doubt.StartsWith(SqlReading.More, StringComparison.Ordinal)).Should().HaveCount(7);

    [Test]
    public void The_conditions_of_a_selection_are_constants()
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(File.ReadAllText(SourceTree.PathOf("Roost", "Sqlite", "Queries", "SelectionTest.cs"))).GetRoot();
        InvocationExpressionSyntax[] adds = [.. root.DescendantNodes().OfType<InvocationExpressionSyntax>().Where(call => call.Expression.ToString() == "Add")];

        adds.Should().HaveCountGreaterThan(5);
        adds.Should().OnlyContain(call => call.ArgumentList.Arguments[0].Expression is LiteralExpressionSyntax);
        root.DescendantNodes().OfType<InvocationExpressionSyntax>().Where(call => call.Expression.ToString() == "conditions.Add").Should().ContainSingle()
            .Which.ArgumentList.ToString().Should().Be("(condition.Replace(\"{0}\", $\"?{values.Count + 1}\", StringComparison.Ordinal))");
    }

    [Test]
    public void The_command_and_the_extensions_hold_no_SQL_and_no_connection()
    {
        foreach (string file in Source("Roost.Cli").Concat(Source("Roost.Extensions")))
            File.ReadAllText(file).Should().NotContainAny("Microsoft.Data.Sqlite", "SqliteConnection", "CommandText", "using Dapper", "Roost.Sqlite");
    }

    private static IEnumerable<string> Source(string project) =>
        Directory
            .EnumerateFiles(SourceTree.PathOf(project), "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            );
}
