using System.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Roost.Tests.Support;

/// <summary>A whole program that a page shows: top-level statements, as a project or <c>dotnet run app.cs</c> compiles them.</summary>
internal static class ShownProgram
{
    private static readonly string[] Console =
        ["System", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks", "System.Collections.Generic"];

    private static readonly string[] Web =
    [
        .. Console, "System.Net.Http.Json",
        "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing",
        "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    private static readonly Lazy<MetadataReference[]> References = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "Roost.Cli.dll") // It has engines of the samples as well.
            .Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    /// <summary>
    /// Writes the assembly to a stream, and tells what the compiler has against it. The implicit usings are those of the SDK that the program needs.
    /// </summary>
    public static IReadOnlyList<string> Compile(string text, Stream assembly)
    {
        string[] usings = text.Contains("WebApplication", StringComparison.Ordinal) ? Web : Console;
        var how = new CSharpParseOptions(LanguageVersion.Preview);
        string code = string.Join('\n', text.Split('\n').Select(line => line.StartsWith("#:", StringComparison.Ordinal) ? "" : line));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Shown",
            [
                CSharpSyntaxTree.ParseText(code, how),
                CSharpSyntaxTree.ParseText(string.Concat(usings.Select(name => $"global using {name};\n")), how),
            ],
            References.Value,
            new(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return [.. compilation.Emit(assembly).Diagnostics.Where(found => found.Severity >= DiagnosticSeverity.Warning).Select(found => found.ToString())];
    }

    /// <summary>Runs it as a process in a folder, and gives its output.</summary>
    public static async Task<string> RunAsync(string text, TemporaryFolder folder)
    {
        string assembly = folder["Shown.dll"];
        await using (FileStream file = File.Create(assembly)) Compile(text, file).Should().BeEmpty();
        ProcessStartInfo start = Programs.Run(typeof(ShownProgram).Assembly.Location, "program", assembly);
        start.WorkingDirectory = folder.Root;
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            await Task.WhenAll(output, error, process.WaitForExitAsync()).WaitAsync(SampleProcess.Patience);
            process.ExitCode.Should().Be(0, "{0}", await error);
            return (await output).ReplaceLineEndings("\n");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The part of the child's: runs the program in this process.</summary>
    public static async Task<int> RunHereAsync(string assembly)
    {
        object? end = System.Reflection.Assembly.LoadFrom(assembly).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
        if (end is Task task) await task;
        return end is int code ? code : 0;
    }
}
