using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Roost.Samples;
using Roost.Tests.Shown;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>
/// Every block of code on every page is compiled: it is part of a file of the samples or the tests, or a program of its own. What is marked <c>run</c> is
/// run, and so is each method of <c>Roost.Tests/Shown</c> that takes a file or nothing.
/// </summary>
[TestFixture]
internal sealed class PageCodeTests
{
    private static readonly string[] Compiled = ["Roost.Samples", "Roost.Tests"];

    private static readonly Lazy<string[]> Sources = new(() =>
    [
        .. Compiled.SelectMany(project => Directory.EnumerateFiles(SourceTree.PathOf(project), "*.cs", SearchOption.AllDirectories))
            .Where(file => !Regex.IsMatch(file, @"[\\/](bin|obj|Published)[\\/]"))
            .Select(file => $"\n{Lines(File.ReadAllText(file))}\n"),
    ]);

    private static IEnumerable<Block> Code => Page.All.SelectMany(page => page.Blocks("csharp"));

    private static IEnumerable<Block> Run => Code.Where(block => block.Mark == "run");

    private static IEnumerable<MethodInfo> ShownMethods => typeof(Basics).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(Basics).Namespace && type is { IsAbstract: true, IsSealed: true })
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
        .Where(method => method.ReturnType == typeof(Task) && method.GetParameters() is [] or [{ Name: "file" }]);

    [TestCaseSource(nameof(Code))]
    public void Shown_code_is_compiled(Block block)
    {
        string lines = $"\n{Lines(block.Text)}\n";
        if (Sources.Value.Any(source => source.Contains(lines, StringComparison.Ordinal))) return;

        IsProgram(block.Text).Should().BeTrue("it stands in no file of {0}, line by line, and is no program", string.Join(" or ", Compiled));
        ShownProgram.Compile(block.Text, Stream.Null).Should().BeEmpty();
    }

    [TestCaseSource(nameof(Run))]
    public async Task A_program_that_is_shown_runs(Block block)
    {
        using var folder = new TemporaryFolder();

        string output = await ShownProgram.RunAsync(block.Text, folder);

        if (block.Next?.Split('\n', 2) is [var command, var shown] && command.StartsWith("$ dotnet run", StringComparison.Ordinal)) output.Should().Be(shown);
    }

    [TestCaseSource(nameof(ShownMethods))]
    public async Task What_is_shown_runs(MethodInfo method)
    {
        using var folder = new TemporaryFolder();

        await (Task)method.Invoke(null, method.GetParameters().Length == 0 ? [] : [folder["roost.db"]])!;
    }

    [Test]
    public async Task The_waiting_that_is_shown_works()
    {
        using var folder = new TemporaryFolder();

        await Samples.Waiting.RunAsync(folder["roost.db"]);

        await using var roost = new RoostRuntime(folder["roost.db"]);
        WorkDetail order = await roost.GetAsync((await roost.ListAsync()).Items.Single().Id);
        (order.Summary.State, order.Signals, order.Snapshot!.DataAs<Order>()).Should().Be((WorkState.Done, 0, new Order(20, 20)));
    }

    [Test]
    public async Task The_script_that_is_shown_works_twice()
    {
        using var folder = new TemporaryFolder();

        await Samples.Script.RunAsync(folder["roost.db"]);
        await Samples.Script.RunAsync(folder["roost.db"]);

        await using var roost = new RoostRuntime(folder["roost.db"]);
        (await roost.ListAsync()).Items.Should().ContainSingle().Which.State.Should().Be(WorkState.Done);
    }

    [Test]
    public void Json_that_is_shown_is_JSON_and_files_of_triggers_are_read()
    {
        int files = 0;
        foreach (Block block in Page.All.SelectMany(page => page.Blocks("json")))
        {
            JsonElement read = JsonSerializer.Deserialize<JsonElement>(block.Text);
            if (read.ValueKind != JsonValueKind.Object || !read.TryGetProperty("triggers", out _)) continue;
            files++;
            using var folder = new TemporaryFolder();
            File.WriteAllText(folder["roost.json"], block.Text);
            TriggerFile.Load(folder["roost.json"]).Should().NotBeEmpty();
        }
        files.Should().BePositive();
    }

    private static bool IsProgram(string text) =>
        CSharpSyntaxTree.ParseText(Regex.Replace(text, "^#:.*$", "", RegexOptions.Multiline), new(LanguageVersion.Preview)).GetCompilationUnitRoot().Members
            .OfType<GlobalStatementSyntax>().Any();

    private static string Lines(string text) =>
        string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
