using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class UsageTests
{
    private CommandFolder roost = null!;

    [OneTimeSetUp]
    public void SetUp() => roost = new();

    [OneTimeTearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task A_mistyped_verb_is_a_usage_error_with_the_right_one_beside_it()
    {
        CommandResult result = await roost.RunAsync("lst");

        result.Ends(2).Error.Should().Be("There is no verb \"roost lst\". Did you mean list?\n\"roost --help\" shows how.\n", "one message is enough");
        result.Output.Should().BeEmpty();
    }

    [Test]
    public async Task A_mistyped_option_is_a_usage_error_with_the_right_one_beside_it() =>
        (await roost.RunAsync("list", "--sate", "done"))
            .Ends(2)
            .Error.Should()
            .Be("There is no option --sate of \"roost list\". Did you mean --state?\n\"roost list --help\" shows how.\n");

    [TestCase("\"roost artifacts cat\"", "artifacts", "cat", "id", "name", "more")]
    [TestCase("There is no verb \"roost artifacts ct\". Did you mean cat?", "artifacts", "ct")]
    [TestCase("roost artifacts needs one of its verbs: list, cat, save.", "artifacts")]
    [TestCase("--watch is \"often\"", "list", "--watch=often")]
    public async Task A_mistake_is_told_once_and_with_the_whole_verb(string told, params string[] arguments)
    {
        string[] lines = (await roost.RunAsync(arguments)).Ends(2).Error.TrimEnd().Split('\n');

        lines.Should().HaveCount(2);
        lines[0].Should().Contain(told);
        lines[1].Should().Be($"\"roost {string.Join(' ', arguments.TakeWhile(word => word is "artifacts" or "cat" or "list"))} --help\" shows how.");
    }

    [Test]
    public async Task An_error_of_a_verb_names_its_whole_path() =>
        (await roost.RunAsync("artifacts", "cat", "id", "name", "--db", "none.db")).Ends(3).Error.Should().StartWith("roost artifacts cat: ");

    [TestCase("list", "--limit", "many")]
    [TestCase("list", "--state", "lost")]
    [TestCase("events", "--after", "yesterday")]
    [TestCase("history", "id", "--version", "x")]
    [TestCase("enqueue", "-e", "demo", "--priority", "99999999999")]
    [TestCase("worker", "--concurrency", "1.5")]
    [TestCase("ui", "--port", "http")]
    public async Task A_value_of_the_wrong_kind_is_a_usage_error_in_words(params string[] arguments) =>
        (await roost.RunAsync(arguments)).Ends(2).Error.Should().Contain($"'{arguments[^1].Split('=')[^1]}'").And.NotContainAny("System.", "Roost.");

    [TestCase("events", "--kind", "")]
    [TestCase("worker", "--engines", ",")]
    [TestCase("worker", "--queues", " ")]
    [TestCase("prune", "--older-than", "1d", "--states", " , ")]
    public async Task An_option_that_names_nothing_is_no_all_of_them_and_makes_no_file(params string[] arguments)
    {
        (await roost.RunAsync([.. arguments, "--db", "nothing.db"])).Ends(2).Error.Should().Contain($"{arguments[^2]} is empty");

        File.Exists(roost.Folder["nothing.db"]).Should().BeFalse();
    }

    [Test]
    public async Task Help_names_every_verb()
    {
        string help = (await roost.RunAsync("--help")).Ends(0).Output;

        string[] verbs =
        [
            "engines", "enqueue", "worker", "status", "tree", "list", "events", "wait", "signal", "signals", "inbox", "answer", "withdraw",
            "cancel", "retry", "run-again", "dead-letters", "requeue", "priority", "release",
            "history", "diff", "artifacts", "workspace-path", "stats", "resources", "workers", "prune", "backup", "adopt", "doctor", "schema",
            "completion",
        ];
        foreach (string verb in verbs)
            help.Should().MatchRegex($@"(?m)^  {verb}\b");
    }

    [Test]
    public async Task Help_of_a_verb_names_its_values_and_reads_no_file()
    {
        string[] ids = [.. await Task.WhenAll(roost.EnqueueAsync("--db", "some.db"), roost.EnqueueAsync("--db", "some.db"))];
        var environment = new Dictionary<string, string> { ["ROOST_DB"] = roost.Folder["some.db"] };

        foreach (string verb in new[] { "status", "events", "wait", "enqueue", "worker", "list", "prune" })
            (await roost.RunWithAsync(environment, "", verb, "--help")).Ends(0).Output.Should().MatchRegex("<(id|ids|engine)>").And.NotContainAny(ids);
        File.Delete(roost.Folder["some.db"]);
    }

    [TestCase("bash", "complete -o default")]
    [TestCase("zsh", "#compdef")]
    [TestCase("fish", "complete -c roost")]
    [TestCase("pwsh", "Register-ArgumentCompleter")]
    public async Task Each_shell_has_a_completion_script(string shell, string word) =>
        (await roost.RunAsync("completion", shell)).Ends(0).Output.Should().Contain(word).And.Contain("[suggest:");

    [Test]
    public async Task The_scripts_ask_a_directive_that_answers() =>
        (await roost.RunAsync("[suggest:10]", "roost work")).Ends(0).Output.Split('\n').Should().Contain(["worker", "workers"]);

    [Test]
    public async Task The_schema_makes_the_tables() =>
        (await roost.RunAsync("schema", "--json")).Ends(0).Json.GetProperty("sql").GetString().Should().Contain("CREATE TABLE roost_work ");

    [Test]
    public async Task The_built_in_engines_are_told_without_a_file()
    {
        CommandResult result = await roost.RunAsync("engines", "--json");

        result
            .Ends(0)
            .Json.GetProperty("items")
            .EnumerateArray()
            .Select(engine => engine.GetProperty("engine_id").GetString())
            .Should()
            .Equal("demo", "watchlist");
        Directory.GetFiles(roost.Folder.Root).Should().BeEmpty();
    }
}
