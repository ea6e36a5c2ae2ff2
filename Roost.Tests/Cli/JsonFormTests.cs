using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Roost.Commands;
using Roost.Commands.Input;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>docs/json.md says what --json prints, field by field, and nothing else is printed.</summary>
[TestFixture]
internal sealed class JsonFormTests
{
    private static readonly JsonForms Forms = JsonForms.Read(PathOf());

    private CommandFolder roost = null!;
    private StuckPage page = null!;
    private CommandProcess worker = null!;
    private const string Waiting = "waiting-item", Asking = "asking-item", Paused = "paused-item";

    private string ask = "", effect = "", done = "", failed = "", delayed = "", running = "";

    [OneTimeSetUp]
    public async Task SetUp()
    {
        (roost, page) = (new(), new());
        done = await roost.EnqueueAsync(
            "-k",
            "once",
            "--timeout",
            "5m",
            "--retries",
            "3",
            "--deadline",
            "2h",
            "-r",
            "domain:a",
            "--payload",
            """{"count_to":2,"token":"t"}"""
        );
        await WrapAsync();
        await WaitAsync();
        failed = (await roost.RunAsync("enqueue", "-e", "watchlist")).Ends(0).Word;
        await roost.EnqueueAsync("--parent", done);
        await roost.WorkAsync();
        delayed = await roost.EnqueueAsync("--delay", "1h", "--parent", done);
        await roost.EnqueueAsync("--queue", "unserved");
        running = (await roost.RunAsync("enqueue", "-e", "watchlist", "-r", "domain:b", "--hold", "life", "-p", $$"""{"url":"{{page.Url}}"}""")).Ends(0).Word;
        worker = roost.Start("worker", "--plain");
        await page.Asked.WaitAsync(Gate.Patience);
        await roost.EnqueueAsync("-r", "domain:b");
    }

    /// <summary>One whose error holds others.</summary>
    private async Task WrapAsync()
    {
        await using var file = new RoostRuntime(new RoostOptions { Path = roost.Database, MaxAttempts = 1 });
        file.AddEngine(
            ScriptedEngine.From(
                (_, _) =>
                    throw new IOException("outer", new FormatException("inner") { Data = { ["row"] = 7, ["none"] = null } }) { Data = { ["none"] = null } }
            )
        );
        await file.EnqueueAsync(new WorkItem("scripted") { Id = "wrapped" });
        await file.RunUntilIdleAsync();
    }

    /// <summary>One that waits, with mail from outside and from another item's step.</summary>
    private async Task WaitAsync()
    {
        await using var file = new RoostRuntime(roost.Database);
        file.AddEngine(ScriptedEngine.From((_, _) => Outcome.WaitFor(1, new Wait { Signals = ["go"], Timeout = TimeSpan.FromHours(1) }), "waiter"));
        file.AddEngine(ScriptedEngine.From((state, context) =>
        {
            context.Signal(Waiting, "from_a_step");
            return ScriptedEngine.Finish(state);
        }, "sender"));
        await file.EnqueueAsync([new WorkItem("waiter") { Id = Waiting }, new WorkItem("sender")]);
        await file.RunUntilIdleAsync();
        await AskAsync(file);
        await file.EnqueueAsync(new WorkItem("nobody") { Id = Paused });
        foreach (PauseTarget target in (PauseTarget[])[PauseTarget.Item(Paused), PauseTarget.Engine("nobody")])
            await file.PauseAsync(target, "why", "someone", DateTimeOffset.UtcNow.AddDays(1));
        await file.SignalAsync(Waiting, "other", new { amount = 12.5m }, "evt_81");
    }

    /// <summary>Two questions: one is answered, one is open.</summary>
    private async Task AskAsync(RoostRuntime file)
    {
        file.AddEngine(ScriptedEngine.From((state, _) => state > 0
            ? ScriptedEngine.Finish(state)
            : Outcome.WaitFor(1, new Wait { Ask = Ask.Of<bool>("Sure?") with { For = "ops" }, Timeout = TimeSpan.FromHours(1) }), "asker"));
        foreach (string id in (string[])[Asking, "answered-item"]) await file.EnqueueAsync(new WorkItem("asker") { Id = id });
        await file.RunUntilIdleAsync();
        IReadOnlyList<AskInfo> asks = (await file.ListAsksAsync()).Items;
        await file.AnswerAsync(asks.Single(each => each.WorkId != Asking).Id, true, "someone", "go ahead");
        ask = asks.Single(each => each.WorkId == Asking).Id;
        await MakeEffectsAsync(file);
    }

    /// <summary>One with effects, of which a person is asked about one.</summary>
    private async Task MakeEffectsAsync(RoostRuntime file)
    {
        var begun = new Gate();
        file.AddEngine(new ScriptedEngine(async (state, context) =>
        {
            context.OpenStream("tokens").Write("The first chapter");
            context.Report(0.5, "half");
            await context.OnceAsync("quote", _ => Task.FromResult(new { amount = 7 }), new() { Arguments = new { order = 1 } });
            await context.OnceAsync("pay", async token =>
            {
                await begun.UntilFiredAsync(token);
                token.ThrowIfCancellationRequested();
            }, new() { Interrupted = Effect.Ask });
            return ScriptedEngine.Finish(state);
        }, "payer"));
        await file.EnqueueAsync(new WorkItem("payer") { Id = "with-effects" });
        Task running = file.RunUntilIdleAsync();
        await begun.Reached;
        await file.ReleaseLeaseAsync("with-effects");
        await running.Soon();
        effect = (await file.ListAsksAsync(new() { WorkId = "with-effects" })).Items.Single().Id;
    }

    [OneTimeTearDown]
    public async Task TearDown()
    {
        if (worker is not null) await worker.DisposeAsync();
        page.Dispose();
        roost.Dispose();
    }

    [TestCase("status <id>", "status", "{done}")]
    [TestCase("status <id>", "status", "{failed}")]
    [TestCase("status <id>", "status", "{running}")]
    [TestCase("status <id>", "status", "{delayed}")]
    [TestCase("status <id>", "status", Waiting)]
    [TestCase("signals <id>", "signals", Waiting)]
    [TestCase("signal <id> <name>", "signal", Waiting, "more", "1")]
    [TestCase("status <id>", "status", Asking)]
    [TestCase("tree <id>", "tree", "{done}")]
    [TestCase("tree <id>", "tree", "{delayed}")]
    [TestCase("inbox", "inbox")]
    [TestCase("inbox", "inbox", "--item", "answered-item")]
    [TestCase("inbox <question>", "inbox", "{ask}")]
    [TestCase("list", "list", "--limit", "2")]
    [TestCase("list", "list", "--state", "waiting")]
    [TestCase("events", "events")]
    [TestCase("events", "events", "{done}")]
    [TestCase("wait <id>", "wait", "{done}")]
    [TestCase("dead-letters", "dead-letters")]
    [TestCase("dead-letters", "dead-letters", "list")]
    [TestCase("dead-letters groups", "dead-letters", "groups")]
    [TestCase("dead-letters show <id>", "dead-letters", "show", "{failed}")]
    [TestCase("dead-letters show <id>", "dead-letters", "show", "wrapped")]
    [TestCase("status <id>", "status", "wrapped")]
    [TestCase("history <id>", "history", "{done}")]
    [TestCase("history <id> --effects", "history", "with-effects", "--effects")]
    [TestCase("status <id>", "status", "with-effects")]
    [TestCase("stream <id>", "stream", "{done}")]
    [TestCase("stream <id> <name>", "stream", "with-effects")]
    [TestCase("stream <id> <name>", "stream", "with-effects", "tokens", "--from", "4")]
    [TestCase("inbox <question>", "inbox", "{effect}")]
    [TestCase("history <id> --version <number>", "history", "{done}", "--version", "2")]
    [TestCase("diff <id>", "diff", "{done}", "1", "2")]
    [TestCase("artifacts list", "artifacts", "list")]
    [TestCase("artifacts list", "artifacts", "list", "{done}")]
    [TestCase("artifacts save <id>", "artifacts", "save", "{done}", "--to", "out", "--force")]
    [TestCase("workspace-path <id>", "workspace-path", "{done}")]
    [TestCase("stats", "stats")]
    [TestCase("stats", "stats", "--over", "week")]
    [TestCase("engines", "engines")]
    [TestCase("resources", "resources")]
    [TestCase("workers", "workers")]
    [TestCase("doctor", "doctor")]
    [TestCase("schema", "schema")]
    [TestCase("enqueue", "enqueue", "-e", "demo", "--delay", "1h")]
    [TestCase("cancel <id>", "priority", "{delayed}", "3")]
    [TestCase("cancel <id>", "requeue", "{delayed}")]
    [TestCase("run-again <id>", "run-again", "{done}")]
    [TestCase("pause <id>", "pause", "--queue", "unserved", "--reason", "why", "--by", "someone", "--for", "1h")]
    [TestCase("pause <id>", "pause", Paused, "--reason", "why", "--by", "someone")]
    [TestCase("pauses", "pauses")]
    [TestCase("resume <id>", "resume", "--engine", "demo", "--by", "someone")]
    [TestCase("status <id>", "status", Paused)]
    [TestCase("dead-letters retry", "dead-letters", "retry", "--all", "--dry-run")]
    [TestCase("dead-letters retry", "dead-letters", "discard", "{failed}", "--dry-run")]
    [TestCase("prune", "prune", "--older-than", "1d")]
    public async Task A_verb_prints_the_documented_fields(string form, params string[] arguments)
    {
        string[] verb =
        [
            .. arguments.Select(each =>
                each switch
                {
                    "{done}" => done,
                    "{ask}" => ask,
                    "{effect}" => effect,
                    "{failed}" => failed,
                    "{running}" => running,
                    "{delayed}" => delayed,
                    _ => each,
                }
            ),
        ];

        CommandResult result = (await roost.RunAsync([.. verb, "--json"])).Ends(0);

        Forms.Differences(form, result.Json).Should().BeEmpty();
    }

    [Test]
    public async Task Followed_events_are_the_documented_ones()
    {
        await using CommandProcess follow = roost.Start("events", "--follow", "--json");

        Forms.Differences("events --follow", JsonSerializer.Deserialize<JsonElement>((await follow.ReadLineAsync())!)).Should().BeEmpty();
    }

    [Test]
    public async Task A_backup_and_its_adoption_print_the_documented_fields()
    {
        Forms.Differences("backup <file>", (await roost.RunAsync("backup", "copy.db", "--json")).Ends(0).Json).Should().BeEmpty();
        Forms.Differences("adopt", (await roost.RunAsync("adopt", "--db", "copy.db", "--json")).Ends(0).Json).Should().BeEmpty();
        Forms.Differences("cancel <id>", (await roost.RunAsync("cancel", delayed, "--db", "copy.db", "--json")).Ends(0).Json).Should().BeEmpty();
        string[] answer = ["answer", ask, "true", "--by", "someone", "--db", "copy.db", "--json"];
        Forms.Differences("answer <question> <value>", (await roost.RunAsync(answer)).Ends(0).Json).Should().BeEmpty();
        Forms.Differences("cancel <id>", (await roost.RunAsync("retry", failed, "--db", "copy.db", "--json")).Ends(0).Json).Should().BeEmpty();
    }

    [Test]
    public void Every_example_has_the_documented_fields()
    {
        foreach (string verb in Forms.Verbs)
            foreach (string example in Forms.ExamplesOf(verb))
                Forms.Differences(verb, JsonSerializer.Deserialize<JsonElement>(example)).Should().BeEmpty("it is the example of {0}", verb);
    }

    [Test]
    public void Every_verb_with_json_is_documented()
    {
        string text = File.ReadAllText(PathOf());

        foreach (string verb in WithJson(new Root(_ => { }), "")) text.Should().MatchRegex($@"`{verb}(`| )|roost {verb} ", "{0} has --json", verb);
    }

    [Test]
    public void Every_exit_code_is_documented()
    {
        string text = File.ReadAllText(PathOf());

        foreach (object? code in typeof(ExitCodes).GetFields().Select(field => field.GetRawConstantValue())) text.Should().Contain($"\n| {code} | ");
    }

    private static IEnumerable<string> WithJson(Command command, string path)
    {
        if (command.Options.Any(option => option.Name == CommonOptions.Json.Name)) yield return path;
        foreach (Command each in command.Subcommands)
            foreach (string found in WithJson(each, $"{path} {each.Name}".Trim())) yield return found;
    }

    private static string PathOf([CallerFilePath] string here = "") => Path.Combine(here, "..", "..", "..", "docs", "json.md");
}
