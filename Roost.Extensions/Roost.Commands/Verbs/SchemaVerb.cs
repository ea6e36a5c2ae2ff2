using System.Reflection;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>The tables of a data file.</summary>
internal sealed class SchemaVerb : Verb
{
    private const string Tables = ".schema.sql", Migrations = ".Migrations.";

    public SchemaVerb() : base("schema", "Print the SQL that makes a data file's tables.") => Take(CommonOptions.Json);

    protected override Task<int> RunAsync(Call call)
    {
        Assembly library = typeof(RoostRuntime).Assembly;
        string[] scripts = library.GetManifestResourceNames();
        string tables = scripts.Single(name => name.EndsWith(Tables, StringComparison.Ordinal));
        using var reader = new StreamReader(library.GetManifestResourceStream(tables)!);
        string sql = reader.ReadToEnd().ReplaceLineEndings("\n");
        int version = scripts.Count(name => name.Contains(Migrations, StringComparison.Ordinal));
        if (call.IsJson) call.Print.Json(new { Version = version, Sql = sql });
        else call.Print.Line(sql.TrimEnd());
        return Task.FromResult(ExitCodes.Ok);
    }
}
