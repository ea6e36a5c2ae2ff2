using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Whatever stands in a field, the command prints it as text: nothing of it steers a terminal, redirected or not, with --json or without.</summary>
[TestFixture, NonParallelizable, Category("Reliability")] // The command runs in this process, with its console.
internal sealed class TerminalOutputTests : FolderFixture
{
    private static readonly string[][] Lines =
    [
        ["status", HostileFile.Plain], ["list"], ["list", "--limit", "2"], ["events"], ["events", HostileFile.Plain], ["events", "--limit", "3"],
        ["dead-letters"], ["dead-letters", "--limit", "1"], ["dead-letters", "show", HostileFile.Plain], ["history", HostileFile.Plain],
        ["history", HostileFile.Plain, "--version", "2"], ["diff", HostileFile.Plain, "1", "2"], ["artifacts", "list"],
        ["artifacts", "list", "--limit", "1"], ["artifacts", "list", HostileFile.Plain], ["stats"], ["engines"], ["resources"],
        ["resources", "--limit", "1"], ["workers"], ["doctor"], ["workspace-path", HostileFile.Plain],
    ];

    /// <summary>What fails or changes something tells about the item, too.</summary>
    private static readonly string[][] Others =
    [
        ["wait", HostileFile.Plain], ["cancel", HostileFile.Plain], ["requeue", HostileFile.Plain], ["release", HostileFile.Plain],
        ["status", "-item"], ["status", "nothing\u001b[31m"], ["status", "\u001b"], ["artifacts", "list", "x\u009b"],
        ["list", "--engine", Hostile.Escapes], ["list", "--state", Hostile.Escapes], ["list", "--cursor", Hostile.Escapes],
        ["enqueue", "-e", Hostile.Escapes], ["enqueue", "-e", $"dem{Hostile.Override}o"], ["enqueue", "-e", "x", "-p", Hostile.Escapes],
        ["worker", "--engines", Hostile.Escapes], ["worker", "--config", Hostile.Escapes], [Hostile.Escapes], ["list", Hostile.Escapes],
        ["list", "--watch=" + Hostile.Escapes], ["artifacts", "save", HostileFile.Plain, Hostile.Escapes],
        ["retry", HostileFile.Plain, "--reason", "x\u001b[31m"], ["prune", "--older-than", "1d", "--states", Hostile.Escapes],
        ["completion", Hostile.Escapes], ["doctor", "--db", "none\u001b[31m"],
    ];

    private string database = "";

    [SetUp]
    public async Task FillAsync()
    {
        database = folder["roost.db"];
        await HostileFile.FillAsync(database, Hostile.Escapes);
    }

    [Test]
    public async Task Nothing_that_is_printed_to_a_file_or_a_pipe_steers_a_terminal()
    {
        int visible = 0;
        foreach (string[] line in Lines)
            foreach (string[] form in line[0] == "workspace-path" ? [[]] : (string[][])[[], ["--json"]])
            {
                CommandResult result = await CommandInProcess.RunAsync([.. line, .. form, "--db", database]);
                string what = string.Join(' ', [.. line, .. form]);
                result.ExitCode.Should().BeOneOf([0, 1], "{0}: {1}", what, result.Error);
                TerminalCheck.Steering(result.Output).Should().BeEmpty(what);
                TerminalCheck.Steering(result.Error).Should().BeEmpty(what);
                if (result.Output.Contains("\\u001b]0;owned\\u0007", StringComparison.OrdinalIgnoreCase)) visible++;
                if (form.Length > 0) result.Json.ValueKind.Should().Be(JsonValueKind.Object, what);
            }
        visible.Should().BeGreaterThan(20, "what was in the way is shown as what it is");
    }

    [Test]
    public async Task Nothing_that_an_error_or_a_change_tells_steers_a_terminal()
    {
        foreach (string[] line in Others)
        {
            CommandResult result = await CommandInProcess.RunAsync([.. line, .. line.Contains("--db") ? (string[])[] : ["--db", database]]);
            TerminalCheck.Steering(result.Output + result.Error).Should().BeEmpty(string.Join(' ', line));
            (result.Output + result.Error).Should().NotBeEmpty();
        }
    }

    [Test]
    public async Task Json_says_the_text_as_it_is_though_it_is_written_harmlessly()
    {
        JsonElement item = (await CommandInProcess.RunAsync(["status", HostileFile.Plain, "--json", "--db", database])).Ends(0).Json;

        item.GetProperty("payload").GetProperty(Hostile.Escapes).GetString().Should().Be(Hostile.Escapes);
        item.GetProperty("step").GetString().Should().Be(Hostile.Escapes);
        item.GetProperty("last_failure").GetProperty("message").GetString().Should().Be(Hostile.Escapes);
        item.GetProperty("resources")[0].GetString().Should().Be(Hostile.Escapes);
    }

    [Test]
    public async Task On_a_terminal_colours_are_the_commands_own_and_brackets_are_brackets()
    {
        Terminal.IgnoreWhereMissing();
        string script = string.Join(
            "; ",
            Lines
                .Where(line => line.Length < (Effort.IsFull ? 9 : 3) && line[0] is not ("doctor" or "workspace-path"))
                .Select(line => $"roost {string.Join(' ', line)}")
        );
        await using Terminal terminal = Terminal.Start(
            folder,
            $"{script}; roost artifacts cat {HostileFile.Plain} text.txt; roost status {HostileFile.Plain} --json; roost worker --until-idle; echo ended",
            ("COLUMNS", "400"),
            ("LINES", "60")
        );
        await terminal.EndAsync();

        terminal.Seen.Should().Contain("ended").And.Contain("[red]").And.Contain("[/]", "a text's own markup is text");
        terminal.Seen.Should().NotContainAny("\u001b]", "\u001b[2J", "\u0007", "\u009b", "\u009d", "\u0090", "\u202e", "\u2066", "\b", "red\u001b[2J");
        terminal.Seen.Should().NotContain("Unhandled").And.NotMatchRegex(@"(?m)^\s+at Spectre");
    }

    [Test]
    public async Task An_artifact_is_saved_in_the_folder_and_nowhere_else_whatever_it_is_called()
    {
        string[] names = [.. Hostile.Names, "a/../../../b", "..\\..\\b", "....//x", "/", "\\", "x/", "a\u2028b", ".", "nul.txt", "COM1", new('\u00e9', 200)];
        string inner = Directory.CreateDirectory(folder["out/deep"]).FullName;
        string[] around = [.. Directory.EnumerateFileSystemEntries(folder.Root, "*", SearchOption.AllDirectories)];
        foreach (string name in names)
        {
            Probe.Execute(
                database,
                "UPDATE roost_artifact SET name = $0 WHERE key = (SELECT min(key) FROM roost_artifact WHERE blob IS NOT NULL AND work = (SELECT key FROM " +
                "roost_work WHERE id = $1))",
                name,
                HostileFile.Plain
            );

            CommandResult saved = (
                await CommandInProcess.RunAsync([
                    "artifacts",
                    "save",
                    HostileFile.Plain,
                    "--to",
                    inner,
                    "--force",
                    "--json",
                    "--db",
                    database,
                    "--",
                    .. name.StartsWith('-') ? (string[])[] : [name],
                ])
            ).Ends(0);

            foreach (JsonElement file in saved.Json.GetProperty("files").EnumerateArray()) Path.GetDirectoryName(file.GetString()).Should().Be(inner);
        }
        Directory
            .EnumerateFileSystemEntries(folder.Root, "*", SearchOption.AllDirectories)
            .Where(path => !path.StartsWith(inner, StringComparison.Ordinal))
            .Should()
            .BeSubsetOf([.. around, $"{database}-wal", $"{database}-shm"]);
        Directory.EnumerateDirectories(inner).Should().BeEmpty();
        Directory.EnumerateFiles(inner).Select(Path.GetFileName).Should().OnlyContain(name => name![0] != '.');
    }

    [Test]
    public void The_check_of_an_output_finds_what_steers()
    {
        foreach (string output in (string[])["\u001b[31m", "\u009b", "a\rb", "\u202e", "\u2069", "\u007f", "\u2028"])
            TerminalCheck.Steering(output).Should().NotBeEmpty();
    }
}
