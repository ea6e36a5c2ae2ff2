using System.Globalization;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What a person sees of waits and signals at a terminal, and sends from there.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class SignalVerbTests : FolderFixture
{
    private string database = "";

    [SetUp]
    public async Task WaitAsync()
    {
        database = folder["roost.db"];
        await using var roost = new RoostRuntime(database);
        roost.AddEngine(Waiter());
        await roost.EnqueueAsync([
            new WorkItem("scripted", new { wait = (string[])["go", "stop"], hours = 2 }) { Id = "waits", IdempotencyKey = "k-7" },
            new WorkItem("scripted", new { wait = (string[])[], hours = 1 }) { Id = "for-a-time" },
            new WorkItem("scripted", new { wait = (string[])[], hours = 0 }) { Id = "ended" },
        ]);
        await roost.RunUntilIdleAsync();
    }

    [Test]
    public async Task The_status_says_what_an_item_waits_for_and_how_much_mail_it_has()
    {
        await RunAsync(0, "signal", "waits", "other", "1");

        string shown = (await RunAsync(0, "status", "waits")).Output;
        JsonElement json = (await RunAsync(0, "status", "waits", "--json")).Json;

        shown.Should().MatchRegex("state +waiting").And.MatchRegex("situation +waiting for the signal go or stop until ")
            .And.MatchRegex("waits for +the signals go or stop\n").And.MatchRegex("waits since +").And.MatchRegex(@"waits until +in 1 h 59 min \(")
            .And.MatchRegex("mailbox +1 signal that no step has taken").And.NotMatchRegex("(?m)^due ");
        json.GetProperty("state").GetString().Should().Be("waiting");
        json.GetProperty("wait").GetProperty("signals").EnumerateArray().Select(name => name.GetString()).Should().Equal("go", "stop");
        json.GetProperty("signals").GetInt32().Should().Be(1);
        json.GetProperty("due_at").ValueKind.Should().Be(JsonValueKind.Null);
        (await RunAsync(0, "status", "for-a-time")).Output.Should().MatchRegex("waits for +a time\n");
    }

    [TestCase("""{"amount":12.5}""", """{"amount":12.5}""")]
    [TestCase("""  "go on"  """, "\"go on\"")]
    [TestCase("7", "7")]
    [TestCase(null, "null")]
    public async Task A_signal_wakes_the_item_that_waits_for_it(string? given, string payload)
    {
        CommandResult sent = await RunAsync(0, [.. (string[])["signal", "waits", "go"], .. given is null ? (string[])[] : [given]]);

        sent.Word.Should().Be("waits: signalled");
        sent.Error.Should().BeEmpty();
        JsonElement signals = (await RunAsync(0, "signals", "waits", "--json")).Json.GetProperty("items");
        signals.EnumerateArray().Should().ContainSingle().Which.GetProperty("payload").Should()
            .Match<JsonElement>(found => JsonElement.DeepEquals(found, JsonElement.Parse(payload)));
        (await RunAsync(0, "status", "waits", "--json")).Json.GetProperty("state").GetString().Should().Be("queued");
    }

    [Test]
    public async Task A_payload_comes_from_a_file_or_the_input()
    {
        await File.WriteAllTextAsync(folder["payload.json"], "\uFEFF{\"from\": \"file\"}");

        await RunAsync(0, "signal", "waits", "a", $"@{folder["payload.json"]}");
        (await CommandInProcess.RunAsync(["signal", "waits", "b", "-", "--db", database], """{"from":"input"}""")).Ends(0);

        (await RunAsync(0, "signals", "waits")).Output.Should().MatchRegex("a +\\{\"from\":\"file\"\\}\n").And.MatchRegex("b +\\{\"from\":\"input\"\\}\n");
    }

    [Test]
    public async Task A_signal_that_is_delivered_twice_is_one()
    {
        JsonElement first = (await RunAsync(0, "signal", "waits", "other", "1", "--id", "evt_81", "--json")).Json;
        CommandResult again = await RunAsync(0, "signal", "waits", "other", "1", "--id", "evt_81");

        first.GetRawText().Should().Contain("\"created\": true").And.Contain("\"id\": \"waits\"");
        again.Word.Should().Be("waits: signalled already");
        again.Error.Should().Contain("has come before");
        (await RunAsync(4, "signal", "waits", "other", "2", "--id", "evt_81")).Error.Should().StartWith("roost signal: ").And.Contain("evt_81");
        (await RunAsync(0, "signals", "waits", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(1);
    }

    [Test]
    public async Task An_item_is_named_by_its_engine_and_key()
    {
        (await RunAsync(0, "signal", "-e", "scripted", "--key", "k-7", "go", "1")).Word.Should().Be("waits: signalled");

        (await RunAsync(3, "signal", "-e", "scripted", "--key", "k-8", "go")).Error.Should().Contain("k-8");
        (await RunAsync(2, "signal", "--key", "k-7", "go")).Error.Should().Contain("--engine and --key together");
        (await RunAsync(2, "signal", "-e", "scripted", "--key", "k-7", "waits", "go", "1")).Error.Should().Contain("together with --key");
    }

    [TestCase("signal: payload: is no JSON: 'y' is an invalid start of a value", "signal", "waits", "go", "yes")]
    [TestCase("A text stands in double quotes, as \"yes\".", "signal", "waits", "go", "yes")]
    [TestCase("signal: payload: is no JSON", "signal", "waits", "go", "{\"a\":1,\"a\":2}")]
    [TestCase("The name of the signal is missing", "signal", "waits")]
    [TestCase("signal: --id: is", "signal", "waits", "go", "--id", "")]
    [TestCase("signal: name: is", "signal", "waits", "")]
    [TestCase("payload @nothing.json: Could not find", "signal", "waits", "go", "@nothing.json")]
    public async Task What_is_wrong_with_a_signal_is_told_and_nothing_is_sent(string told, params string[] arguments)
    {
        (await RunAsync(2, arguments)).Error.Should().Contain(told);

        (await RunAsync(0, "signals", "waits", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
    }

    [Test]
    public async Task An_item_that_has_ended_or_is_not_there_takes_no_signal()
    {
        (await RunAsync(4, "signal", "ended", "go")).Error.Should().Contain("is done");
        (await RunAsync(3, "signal", "nobody", "go")).Error.Should().Contain("nobody");
    }

    [Test]
    public async Task A_signal_that_the_item_does_not_wait_for_is_sent_with_a_word_about_that() =>
        (await RunAsync(0, "signal", "waits", "goo")).Error.Should().Contain("It goes on waiting for the signals go or stop");

    [Test]
    public async Task The_mailbox_is_listed_by_pages_and_with_secrets_masked()
    {
        for (int i = 1; i <= 3; i++) await RunAsync(0, "signal", "waits", $"n{i}", $$"""{"token":"t-secret-{{i}}","i":{{i}}}""");

        CommandResult first = await RunAsync(0, "signals", "waits", "--limit", "2");
        string cursor = first.Error.Split("--cursor ")[1].Trim();

        first.Output.Should().Contain("n1").And.Contain("n2").And.NotContain("n3").And.Contain("""{"token":"***","i":1}""").And.NotContain("t-secret");
        (await RunAsync(0, "signals", "waits", "--cursor", cursor)).Output.Should().Contain("n3").And.NotContain("n1");
        (await RunAsync(0, "signals", "waits", "--json", "--reveal")).Output.Should().Contain("t-secret-3");
        (await RunAsync(0, "signals", "for-a-time")).Error.Should().Contain("Its mailbox is empty.");
    }

    [Test]
    public async Task Waiting_items_are_listed_and_counted_and_a_total_is_the_sum_of_its_parts()
    {
        (await RunAsync(0, "list", "--state", "waiting", "--json")).Json.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("id").GetString()).Should().BeEquivalentTo("waits", "for-a-time");
        string[] lines = (await RunAsync(0, "stats")).Output.Split('\n');
        string[] heads = Words(lines[0]), all = Words(lines.First(line => line.StartsWith("all ", StringComparison.Ordinal)));
        int[] counts = [.. all[1..].Select(count => int.Parse(count, CultureInfo.InvariantCulture))];

        heads[^counts.Length..].Should().Equal("ready", "delayed", "blocked", "running", "waiting", "done", "failed", "cancelled", "total", "paused");
        counts[..^2].Sum().Should().Be(counts[^2]).And.Be(3);
        (await RunAsync(0, "engines")).Output.Should().MatchRegex("queued +running +waiting +done").And.MatchRegex("scripted +no +0 +0 +0 +2 +1 ");

        static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    [Test]
    public async Task Waiting_for_the_end_of_an_item_says_what_it_waits_for_itself()
    {
        CommandResult result = await RunAsync(124, "wait", "waits", "ended", "--timeout", "1ms");

        result.Error.Split('\n').Should().ContainSingle(line => line.StartsWith("waits: waiting for the signal go or stop", StringComparison.Ordinal));
    }

    [Test]
    public async Task It_says_so_of_a_wait_that_begins_meanwhile()
    {
        await using var roost = new RoostRuntime(database);
        roost.AddEngine(Waiter());
        await roost.EnqueueAsync(new WorkItem("scripted", new { wait = (string[])["late"], hours = 1 }) { Id = "later" });
        using var told = new Told("later: waiting for the signal late");
        Task<CommandResult> waiting = CommandInProcess.RunAsync(["wait", "later", "--db", database], error: told);

        await roost.RunUntilIdleAsync();
        await told.Seen.WaitAsync(Gate.Patience);
        await roost.SignalAsync("later", "late");
        await roost.RunUntilDoneAsync("later");

        (await waiting).Ends(0).Word.Should().Be("later done");
    }

    [Test]
    public async Task A_dead_letter_that_failed_while_it_waited_waits_again()
    {
        database = folder["overdue.db"];
        var clock = TestRuntime.Clock();
        await using (var roost = new RoostRuntime(new RoostOptions { Path = database, TimeProvider = clock }))
        {
            roost.AddEngine(Waiter());
            await roost.EnqueueAsync(
                new WorkItem("scripted", new { wait = (string[])["go"], hours = 9 }) { Id = "overdue", Deadline = clock.GetUtcNow().AddHours(1) });
            await roost.RunUntilIdleAsync();
            clock.Advance(TimeSpan.FromHours(2));
            await roost.RunUntilIdleAsync();
        }

        (await RunAsync(0, "retry", "overdue")).Word.Should().Be("overdue: waiting");
    }

    [Test]
    public async Task The_names_that_an_item_waits_for_are_offered()
    {
        string line = $"roost signal waits --db {database} ";

        (await CommandInProcess.RunAsync([$"[suggest:{line.Length}]", line])).Ends(0).Output.Split('\n').Should().Contain(["go", "stop"]);
    }

    /// <summary>Waits once for what its payload says, and is done.</summary>
    private static ScriptedEngine Waiter() => ScriptedEngine.From((state, context) =>
    {
        string[] names = [.. context.Item.Payload.GetProperty("wait").EnumerateArray().Select(name => name.GetString()!)];
        int hours = context.Item.Payload.GetProperty("hours").GetInt32();
        return state > 0 || hours == 0
            ? ScriptedEngine.Finish(state)
            : Outcome.WaitFor(1, new Wait { Signals = names, Timeout = TimeSpan.FromHours(hours) });
    });

    private async Task<CommandResult> RunAsync(int code, params string[] arguments) =>
        (await CommandInProcess.RunAsync([.. arguments, "--db", database])).Ends(code);

    /// <summary>A writer that says when a text was written to it.</summary>
    private sealed class Told(string text) : StringWriter(CultureInfo.InvariantCulture)
    {
        private readonly TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => seen.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true) seen.TrySetResult();
        }

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }
    }
}
