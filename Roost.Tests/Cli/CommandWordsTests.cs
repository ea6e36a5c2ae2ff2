using System.Text.RegularExpressions;
using Roost.AspNetCore.Input;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>A user of the command is told of verbs and options, not of the library's members.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed partial class CommandWordsTests : FolderFixture
{
    /// <summary>What is told to whoever writes an engine, or kept as the error of a step, speaks of what an engine calls.</summary>
    private static readonly string[] OfEngines = ["Engine.cs", "StepContext.cs", "JsonTextCheck.cs", "RoostOptions.cs"];

    [Test]
    public void No_message_of_the_library_reaches_the_command_with_a_member_in_it()
    {
        string[] messages =
        [
            .. Directory
                .EnumerateFiles(SourceTree.PathOf("Roost"), "*.cs", SearchOption.AllDirectories)
                .Where(file =>
                    !file.Contains("/obj/", StringComparison.Ordinal)
                    && !file.Contains("/bin/", StringComparison.Ordinal)
                    && !file.Contains("/Execution/", StringComparison.Ordinal)
                    && !OfEngines.Contains(Path.GetFileName(file))
                )
                .SelectMany(File.ReadLines)
                .Where(line => line.Contains("Exception(", StringComparison.Ordinal) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
                .SelectMany(line => Literal().Matches(line).Select(found => found.Value))
                .Where(text => Member().IsMatch(text)),
        ];

        messages.Should().NotBeEmpty();
        messages.Select(CommandWords.Of).Where(text => Member().IsMatch(text)).Should().BeEmpty();
    }

    [Test]
    public async Task A_field_is_called_by_its_option()
    {
        string database = folder["roost.db"];
        await using (var roost = new RoostRuntime(database)) await roost.EnqueueAsync(new WorkItem("demo") { Id = "item" });

        foreach ((string[] arguments, string told) in new[]
        {
            (new[] { "enqueue", "-e", "demo", "--retries", "0" }, "roost enqueue: --retries: is 0;"),
            (["enqueue", "-e", "demo", "--timeout", "99d"], "roost enqueue: --timeout: is"),
            (["enqueue", "-e", "demo", "--deadline", "2000-01-01"], "roost enqueue: --deadline: "),
            (["worker", "--until-idle", "--concurrency", "0"], "roost worker: --concurrency: "),
            (["worker", "--until-idle", "--lease-time", "1ms"], "roost worker: --lease-time: "),
            (["worker", "--until-idle", "--workspace-mode", "clone"], "roost worker: --repository: is missing"),
        })
            (await CommandInProcess.RunAsync([.. arguments, "--db", database])).Ends(2).Error.Should().StartWith(told);
        (await CommandInProcess.RunAsync(["history", "item", "--version", "9", "--db", database]))
            .Ends(3)
            .Error.Should()
            .Contain("\"roost history\" lists")
            .And.NotContain("Async");
        (await CommandInProcess.RunAsync(["list", "--db", ":memory:"])).Error.Should().NotContain("RoostRuntime");
    }

    [Test]
    public async Task A_part_of_an_id_that_is_too_short_is_told_so()
    {
        string database = folder["roost.db"];
        await using (var roost = new RoostRuntime(database)) await roost.EnqueueAsync(new WorkItem("demo") { Id = "item" });

        (await CommandInProcess.RunAsync(["status", "em", "--db", database])).Ends(3).Error.Should().Contain("from 3 characters on");
    }

    [Test]
    public async Task Letters_and_signs_of_every_script_are_shown_as_they_are()
    {
        const string Text = "\U0001F600 \U0001F468\u200D\U0001F469 é 漢 \U0002070E \\ud83d \\\\ \"q\" \u001b[31m";
        string database = folder["roost.db"];
        await using (var roost = new RoostRuntime(database))
        {
            roost.AddEngine(ScriptedEngine.From((state, _) => ScriptedEngine.Finish(state)));
            await roost.EnqueueAsync(new WorkItem("scripted", new { text = Text }) { Id = "item" });
            await roost.RunUntilIdleAsync();
        }

        string shown = (await CommandInProcess.RunAsync(["status", "item", "--db", database])).Ends(0).Output;
        CommandResult json = (await CommandInProcess.RunAsync(["status", "item", "--json", "--db", database])).Ends(0);

        shown.Should().Contain("\U0001F600 \U0001F468\u200D\U0001F469 é 漢 \U0002070E \\\\ud83d").And.MatchRegex(@"(?i)\\u001b\[31m");
        json.Output.Should().Contain("\U0001F600");
        json.Json.GetProperty("payload").GetProperty("text").GetString().Should().Be(Text);
    }

    [Test]
    public async Task Work_is_listed_by_its_condition()
    {
        string database = folder["roost.db"];
        await using (var roost = new RoostRuntime(database))
            await roost.EnqueueAsync([new WorkItem("demo") { Id = "now" }, new WorkItem("demo") { Id = "later", Delay = TimeSpan.FromHours(1) }]);

        (string State, string[] Ids)[] cases = [("ready", ["now"]), ("delayed", ["later"]), ("blocked", []), ("queued", ["later", "now"]), ("running", [])];
        foreach ((string state, string[] expected) in cases)
        {
            CommandResult listed = (await CommandInProcess.RunAsync(["list", "--state", state, "--json", "--db", database])).Ends(0);
            listed.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()).Should().BeEquivalentTo(expected, state);
        }
        (await CommandInProcess.RunAsync(["list", "--state", "lost", "--db", database])).Ends(2);
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\b[A-Z]\w+Async\b|\bRoostOptions\.|\bRoostRuntime\.|\bAddEngines?\b|\bWorkItem\.From|\bthe Next of\b")]
    private static partial Regex Member();
}
