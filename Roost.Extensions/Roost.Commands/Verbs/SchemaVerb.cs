using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>The tables of a data file.</summary>
internal sealed class SchemaVerb : Verb
{
    private const string Migrations = ".Migrations.";

    public SchemaVerb() : base("schema", "Print the SQL that makes a data file's tables.") => Take(CommonOptions.Json);

    protected override Task<int> RunAsync(Call call)
    {
        string[] scripts =
        [
            .. typeof(RoostRuntime)
                .Assembly.GetManifestResourceNames()
                .Where(name => name.Contains(Migrations, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        string sql = string.Join("\n", scripts.Select(Read));
        if (call.IsJson) call.Print.Json(new { Version = scripts.Length, Sql = sql });
        else call.Print.Line(sql.TrimEnd());
        return Task.FromResult(ExitCodes.Ok);
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(RoostRuntime).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
