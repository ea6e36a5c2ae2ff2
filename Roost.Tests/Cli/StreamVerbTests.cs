using System.Text.Json;
using Roost.AspNetCore.Output;
using Roost.Commands.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What a person sees at a terminal of what a step says while it runs.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class StreamVerbTests : FolderFixture
{
    private const string Item = "writes";

    private string database = "";
    private Gate gate = null!;
    private RoostRuntime roost = null!;
    private Task running = Task.CompletedTask;

    [SetUp]
    public async Task StartAsync()
    {
        (database, gate) = (folder["roost.db"], new());
        roost = new RoostRuntime(new RoostOptions { Path = database, StreamFlushInterval = TimeSpan.FromMilliseconds(10) });
        roost.AddEngine(new ScriptedEngine(async (state, context) =>
        {
            StepStream tokens = context.OpenStream("tokens");
            if (state == 0)
            {
                tokens.Write("committed words\n");
                return ScriptedEngine.GoOn(1);
            }
            tokens.Write("my pass");
            await tokens.FlushAsync();
            tokens.Write("word=sword");
            await tokens.FlushAsync();
            tokens.Write("fish is\u001b[31m ");
            context.Report(0.999, "nearly \u0007there");
            await tokens.FlushAsync();
            await gate.PassAsync();
            tokens.Write("the last, secretly");
            return ScriptedEngine.Finish(2);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = Item });
        await roost.EnqueueAsync(new WorkItem("nobody") { Id = "silent" });
        running = roost.RunUntilDoneAsync(Item);
        await gate.Reached;
    }

    [TearDown]
    public async Task StopAsync()
    {
        gate.Open();
        await running.Soon();
        running.Dispose();
        await roost.DisposeAsync();
    }

    [Test]
    public async Task The_text_is_shown_as_it_was_written_with_secrets_masked_and_nothing_that_steers()
    {
        (await RunAsync(0, "stream", Item)).Output.Should().Be("committed words\nmy password=*** is\\u001b[31m \n");
        (await RunAsync(0, "stream", Item, "tokens", "--from", "16")).Output.Should().StartWith("my password=***");
        (await RunAsync(0, "stream", Item, "--reveal")).Output.Should().Contain("swordfish");
        JsonElement json = (await RunAsync(0, "stream", Item, "--json")).Json;
        json.GetProperty("items").EnumerateArray().Select(piece => piece.GetProperty("is_committed").GetBoolean()).Should().Equal(true, false);
        json.GetRawText().Should().NotContain("swordfish");
    }

    [Test]
    public async Task Status_and_list_say_how_far_it_is()
    {
        (await RunAsync(0, "status", Item)).Output.Should().MatchRegex(@"progress +99 %, nearly \\u0007there \(");
        (await RunAsync(0, "list")).Output.Should().Contain("99 %, nearly \\u0007there");
        (await RunAsync(0, "status", Item, "--json")).Json.GetProperty("progress").GetProperty("fraction").GetDouble().Should().Be(0.999);
        gate.Open();
        await running.Soon();
        (await RunAsync(0, "list")).Output.Should().NotContain("99 %", "it has ended");
    }

    [TestCase(22)]
    [TestCase(30)]
    public async Task A_secret_that_has_begun_before_the_offset_is_masked(int from)
    {
        (await RunAsync(0, "stream", Item, "--from", $"{from}")).Output.Should().NotContain("fish").And.Contain("***");
        (await RunAsync(0, "stream", Item, "--from", $"{from}", "--json")).Output.Should().NotContain("fish").And.Contain("***");
        (await RunAsync(0, "stream", Item, "--from", $"{from}", "--json", "--reveal")).Output.Should().Contain("fish");
    }

    [Test]
    public async Task Of_a_text_without_white_space_it_shows_what_comes_after_the_offset_alone()
    {
        await using var other = new RoostRuntime(database);
        other.AddEngine(ScriptedEngine.From((_, context) =>
        {
            context.OpenStream("dense").Write(new string('a', 600) + new string('b', 50));
            return ScriptedEngine.Finish(1);
        }, "dense"));
        await other.EnqueueAsync(new WorkItem("dense") { Id = "dense" });
        await other.RunUntilDoneAsync("dense").Soon();

        (await RunAsync(0, "stream", "dense", "--from", "600")).Output.Should().Be(new string('b', 50) + "\n");
        (await RunAsync(0, "stream", "dense", "--from", "650")).Output.Should().BeEmpty();
        JsonElement piece = (await RunAsync(0, "stream", "dense", "--from", "640", "--json")).Json.GetProperty("items")[0];
        piece.GetProperty("text").GetString().Should().Be(new string('b', 10));
    }

    [Test]
    public async Task A_secret_that_comes_in_two_pieces_is_masked_as_json_too()
    {
        Task<CommandResult> followed = RunAsync(0, "stream", Item, "--follow", "--json");
        gate.Open();

        string output = (await followed.Soon()).Output;
        output.Should().NotContain("fish").And.Contain("***").And.Contain("the last").And.Contain("secretly");
        output.Trim().Split('\n').Should().AllSatisfy(line => JsonDocument.Parse(line).RootElement.GetProperty("stream").GetString().Should().Be("tokens"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task The_words_of_two_tries_do_not_run_together(bool follows)
    {
        var failing = new WorkItem("fails") { Id = "fails", MaxAttempts = 1 };
        await using var other = new RoostRuntime(database);
        other.AddEngine(ScriptedEngine.From((_, context) =>
        {
            context.OpenStream("tokens").Write("once upon a ti");
            throw new IOException("broken");
        }, "fails"));
        await other.EnqueueAsync(failing);
        await other.RunUntilDoneAsync("fails").Soon();
        await other.RetryAsync("fails");
        await other.RunUntilDoneAsync("fails").Soon();

        string[] command = ["stream", "fails", "--json", .. follows ? (string[])["--follow"] : []];
        string output = (await RunAsync(0, command)).Output;

        IEnumerable<JsonElement> pieces = follows
            ? output.TrimEnd().Split('\n').Select(line => JsonElement.Parse(line))
            : JsonElement.Parse(output).GetProperty("items").EnumerateArray();
        pieces.GroupBy(piece => piece.GetProperty("try").GetInt32(), piece => piece.GetProperty("text").GetString())
            .Select(tried => $"{tried.Key}: {string.Concat(tried)}").Should().Equal("1: once upon a ti", "2: once upon a ti");
        (await RunAsync(0, "stream", "fails")).Output.Should().Be("once upon a ti\nonce upon a ti\n");
    }

    [Test]
    public async Task A_stream_is_followed_until_its_item_has_ended()
    {
        Task<CommandResult> followed = RunAsync(0, "stream", Item, "--follow");
        gate.Open();

        (await followed.Soon()).Output.Should().Be("committed words\nmy password=*** is\\u001b[31m the last, secretly\n");
    }

    [Test]
    public async Task Without_a_stream_it_says_so_and_a_name_that_is_none_is_told_those_that_there_are()
    {
        (await RunAsync(0, "stream", "silent")).Error.Should().Contain("have written no stream");
        (await RunAsync(3, "stream", Item, "token")).Error.Should().Contain("has no stream \"token\"; it has \"tokens\"");
        (await RunAsync(2, "stream", "silent", "--follow")).Error.Should().Contain("--follow needs the stream's name; the item has none yet");
        (await RunAsync(2, "stream", Item, "--from", "-1")).Error.Should().Contain("offsets begin at 0");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Events_that_are_followed_have_what_the_step_says_between_them(bool asJson)
    {
        await using CommandProcess follow = CommandProcess.Start(
            folder, new Dictionary<string, string>(), ["events", Item, "--follow", "--db", database, .. asJson ? (string[])["--json"] : []]);
        var lines = new List<string>();
        while (lines.Count(line => line.Contains("stream", StringComparison.Ordinal) || line.Contains("progress", StringComparison.Ordinal)) < 2)
            lines.Add((await follow.ReadLineAsync().Soon())!);
        gate.Open();
        while (!lines[^1].Contains(asJson ? "\"done\"" : "  done  ", StringComparison.Ordinal)) lines.Add((await follow.ReadLineAsync().Soon())!);

        string all = string.Join('\n', lines);
        all.Should().Contain("99").And.Contain("password=***").And.NotContain("swordfish").And.NotContain("committed words", "that is history");
        lines.FindLastIndex(line => line.Contains("secretly", StringComparison.Ordinal)).Should().BePositive("it stands before the end of its step");
        if (asJson) lines.Should().AllSatisfy(line => JsonDocument.Parse(line).RootElement.GetProperty("work_id").GetString().Should().Be(Item));
    }

    [Test]
    public void A_secret_that_comes_in_pieces_is_masked()
    {
        const string Text = "the api_key is sk-live-0123456789abcdef, token: abcdef and\n\npassword = hunter2hunter2 end";
        for (int size = 1; size < 20; size++)
        {
            var masked = new MaskedText(new(TextWriter.Null, new(new(SecretKeys.Usual, reveal: false))));
            string shown = string.Concat(Text.Chunk(size).Select(part => masked.Append(new string(part)))) + masked.End();
            shown.Should().NotContain("sk-live").And.NotContain("hunter").And.NotContain("abcdef").And.StartWith("the api_key is ").And.EndWith(" end");
        }
    }

    private async Task<CommandResult> RunAsync(int code, params string[] arguments) =>
        (await CommandInProcess.RunAsync([.. arguments, "--db", database])).Ends(code);
}
