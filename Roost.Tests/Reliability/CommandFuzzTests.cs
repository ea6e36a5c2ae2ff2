using System.CommandLine;
using System.Text.RegularExpressions;
using Roost.Commands;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Any command line ends with a documented code and in words; where the code says that nothing was done, nothing was.</summary>
[TestFixture, NonParallelizable, Category("Reliability")] // The command runs in this process, with its console and current folder.
internal sealed partial class CommandFuzzTests : FolderFixture
{
    /// <summary>Those that serve until they are stopped, and the one that writes bytes as they are.</summary>
    private static readonly string[] LeftOut = ["ui", "cat"];

    private static readonly string[] Endless = ["--watch", "--follow", "--help", "--db", "--root", "--namespace"];
    private static readonly string[] Places = ["--to", "--config", "--workspace-root", "--assembly", "--repository", "--base-revision"];
    private static readonly int[] Documented = [0, 1, 2, 3, 4, 5, 124];

    private static readonly string[] Values =
    [
        "", " ", "0", "-1", "1", "5", "50", "99999999999", "2147483647", "-2147483648", "1.5", "1e9", "NaN", "0x10", "1s", "10ms", "7d", "99999999d",
        "1h30m", "-5s", "00:05:00", "10675199.02:48:05.4775807", "2030-01-31T12:00:00Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01", "2030-02-30",
        "{}", "{\"a\":1}", "{\"a\":1,\"a\":2}", "[", "-", "@missing.json", "@", "demo", "done", "failed", "queued,running", "step", "life",
        "worktree", "folder", "clone", "done-1", "failed-2", HostileFile.Plain, "item", "ite", "text.txt", "count", "cg", "r", "bash", ",", ",,a",
    ];

    private static readonly string[] Paths =
    [
        "", " ", "missing/x", "CON", "'; DROP", "[red]x", "roost.json", ".", "..", "a\nb", "x\u001b[31m", $"{Hostile.Override}x", new('x', 5000),
        "roost.db", "-",
    ];

    private string before = "", database = "";

    [SetUp]
    public async Task FillAsync()
    {
        before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = Directory.CreateDirectory(folder["a/b/c/d"]).FullName;
        database = Path.GetFullPath("roost.db");
        await HostileFile.FillAsync(database, "x");
        await using var roost = new RoostRuntime(database);
        await roost.EnqueueAsync([new WorkItem("demo") { Id = "item-1" }, new WorkItem("demo") { Id = "item-2", Delay = TimeSpan.FromHours(1) }]);
    }

    [TearDown]
    public void GoBack() => Environment.CurrentDirectory = before;

    [Test]
    public async Task Any_command_line_ends_in_words_and_does_nothing_where_it_says_so()
    {
        var random = new Random(Effort.Seed());
        int tries = Effort.Times(250, 10_000);
        var ends = new SortedDictionary<int, int>();
        Command[] verbs = [.. Verbs(new Root(_ => { }))];
        for (int i = 0; i < tries; i++)
        {
            string[] arguments =
                random.Next(20) == 0 ? [.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(random))] : Line(random, verbs[random.Next(verbs.Length)]);
            string line = string.Join(" | ", arguments);
            Dictionary<string, long> contents = FileAudit.Contents(database);

            CommandResult result = await CommandInProcess.RunAsync(arguments, input: random.Next(2) == 0 ? "" : Hostile.Text(random));

            ends[result.ExitCode] = ends.GetValueOrDefault(result.ExitCode) + 1;
            Documented.Should().Contain(result.ExitCode, "{0}: {1}", line, result.Error);
            Frame().IsMatch(result.Error).Should().BeFalse("an error is in words: {0}: {1}", line, result.Error);
            TerminalCheck.Steering(result.Output + result.Error).Should().BeEmpty(line);
            if (result.ExitCode is not (0 or 5)) (result.Error + result.Output).Should().NotBeEmpty(line);
            if (result.ExitCode is 2 or 3) FileAudit.Contents(database).Should().Equal(contents, "nothing was done: {0}", line);
        }
        FileAudit.Count(database, "roost_work").Should().BePositive("the file is there and sound");
        ends.Keys.Should().Contain([0, 2, 3], "good and bad command lines are made");
        Effort.Report($"{tries} command lines, by their exit code: {string.Join(", ", ends.Select(end => $"{end.Key}: {end.Value}"))}");
    }

    [Test]
    public async Task Where_one_of_several_dead_letters_is_not_meant_clearly_none_is_touched()
    {
        await HostileFile.FillAsync(Path.GetFullPath("two.db"), "x");
        foreach (string verb in new[] { "retry", "discard" })
            foreach ((string other, int code) in new[] { ("nobody-at-all", 3), ("", 2), ("a\nb", 2) })
            {
                (await CommandInProcess.RunAsync(["dead-letters", verb, HostileFile.Plain, other, "--db", "two.db"])).Ends(code);
                Probe.Text(Path.GetFullPath("two.db"), "SELECT state FROM roost_work WHERE id = $0", HostileFile.Plain).Should().Be("failed");
            }
    }

    [Test]
    public async Task An_empty_place_is_a_usage_error_in_words()
    {
        foreach (
            string[] arguments in (string[][])
                [
                    ["backup", ""],
                    ["backup", " "],
                    ["artifacts", "save", HostileFile.Plain, "--to", ""],
                    ["worker", "--until-idle", "--assembly", ""],
                    ["worker", "--until-idle", "--workspace-mode", ""],
                    ["worker", "--until-idle", "--workspace-root", ""],
                    ["worker", "--until-idle", "--config", ""],
                    ["workspace-path", HostileFile.Plain, "--workspace-root", " "],
                    ["dead-letters", "--failed-before", ""],
                    ["enqueue", "-e", "demo", "-p", "@"],
                ]
        )
        {
            CommandResult result = (await CommandInProcess.RunAsync(arguments)).Ends(2);
            Frame().IsMatch(result.Error).Should().BeFalse("an error is in words: {0}", result.Error);
        }
    }

    [Test]
    public async Task JSON_with_half_a_letter_is_a_usage_error_in_words()
    {
        foreach (
            string[] arguments in (string[][])
                [
                    ["enqueue", "-e", "demo", "-p"],
                    ["signal", "item-1", "go"],
                    ["answer", "item-1", "--by", "ops"],
                    ["run-again", HostileFile.Plain, "--payload"],
                    ["dead-letters", "retry", HostileFile.Plain, "--state"],
                ]
        )
            foreach (string json in (string[])["\ud800", "\"a\udc00b\"", "{\"a\":\"\ud83d\"}"])
            {
                CommandResult result = (await CommandInProcess.RunAsync([.. arguments, json])).Ends(2);
                result.Error.Should().Contain("surrogate", string.Join(' ', arguments));
                Frame().IsMatch(result.Error).Should().BeFalse("an error is in words: {0}", result.Error);
            }
    }

    [Test]
    public async Task A_bad_item_enqueues_nothing_and_makes_no_file()
    {
        foreach (
            string[] bad in (string[][])
                [
                    ["-e", ""],
                    ["-e", "demo", "-p", "{"],
                    ["-e", "demo", "--id", "a\nb"],
                    ["-e", "demo", "--delay", "-1s"],
                    ["-e", "demo", "--retries", "0"],
                    ["-e", "demo", "-r", ""],
                    ["-e", "demo", "--deadline", "2000-01-01"],
                ]
        )
        {
            CommandResult result = (await CommandInProcess.RunAsync(["enqueue", .. bad, "--db", "new.db"])).Ends(2);
            result.Error.Should().NotBeEmpty();
            File.Exists("new.db").Should().BeFalse("{0} does nothing", string.Join(' ', bad));
        }
    }

    private static IEnumerable<Command> Verbs(Command command) =>
        command
            .Subcommands.Where(each => !LeftOut.Contains(each.Name))
            .SelectMany(each => each.Subcommands.Count > 0 && each.Arguments.Count == 0 && each.Options.Count == 0 ? Verbs(each) : Verbs(each).Prepend(each));

    private static string[] Line(Random random, Command verb)
    {
        List<string> line = [.. PathOf(verb)];
        foreach (Argument argument in verb.Arguments)
            if (random.Next(8) > 0)
                line.Add(
                    verb.Name == "backup" ? Of(random, Paths)
                    : argument.Name == "id" && random.Next(3) > 0 ? Of(random, HostileFile.Plain, "done-1", "item-1", "item-2", "failed-2")
                    : Value(random)
                );
        foreach (Option option in verb.Options)
        {
            if (Endless.Contains(option.Name) || !(option.Required || random.Next(4) == 0)) continue;
            line.Add(random.Next(10) == 0 ? option.Aliases.FirstOrDefault() ?? option.Name : option.Name);
            if (option.ValueType != typeof(bool)) line.Add(Places.Contains(option.Name) ? Of(random, Paths) : Value(random));
        }
        if (verb.Name == "worker") line.Add("--until-idle");
        if (verb.Name == "wait" && !line.Contains("--timeout")) line.AddRange(["--timeout", "10ms"]);
        else if (verb.Name == "wait") line[line.IndexOf("--timeout") + 1] = Of(random, "", "x", "10ms", "-1");
        return [.. line];
    }

    private static IEnumerable<string> PathOf(Command verb) => verb is RootCommand ? [] : [.. PathOf((Command)verb.Parents.First()), verb.Name];

    // No system passes a NUL on.
    private static string Value(Random random) => (random.Next(4) == 0 ? Hostile.Text(random) : Of(random, Values)).Replace('\0', '.');

    private static string Of(Random random, params string[] values) => values[random.Next(values.Length)];

    [GeneratedRegex(@"(?m)^\s+at [\w.]+[(<`]")]
    private static partial Regex Frame();
}
