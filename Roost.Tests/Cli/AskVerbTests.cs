using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What a person sees of questions at a terminal, and answers from there.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class AskVerbTests : FolderFixture
{
    private const string Schema = """{"type":"object","properties":{"approved":{"type":"boolean"},"count":{"type":"integer"}},"required":["approved"]}""";

    private string database = "", ask = "";

    [SetUp]
    public async Task AskAsync()
    {
        database = folder["roost.db"];
        await using var roost = new RoostRuntime(database);
        roost.AddEngine(Asker());
        await roost.EnqueueAsync([new WorkItem("scripted", new { of = "ops" }) { Id = "asks" }, new WorkItem("scripted") { Id = "asks-anybody" }]);
        await roost.RunUntilIdleAsync();
        ask = (await roost.ListAsksAsync(new() { WorkId = "asks" })).Items.Single().Id;
    }

    [Test]
    public async Task The_inbox_lists_what_is_open_and_for_whom()
    {
        string all = (await RunAsync(0, "inbox")).Output;
        string mine = (await RunAsync(0, "inbox", "--for", "dev")).Output;

        all.Should().Contain(ask).And.MatchRegex("ops +scripted +asks ").And.Contain("Delete **3** files with token=***").And.Contain("asks-anybody");
        mine.Should().Contain("asks-anybody").And.NotContain(ask);
        (await RunAsync(0, "inbox", "--engine", "other")).Error.Should().Contain("Nobody is asked anything.");
        (await RunAsync(0, "inbox", "--item", "asks")).Output.Should().MatchRegex($"{ask} +open ");
        (await RunAsync(0, "inbox", "--limit", "1")).Error.Should().Contain("More: --cursor ");
    }

    [Test]
    public async Task A_question_is_shown_with_what_it_may_be_answered_with()
    {
        (await RunAsync(0, "inbox", ask[^8..])).Output.Should().Contain("Delete **3** files").And.Contain(Schema)
            .And.Contain("plan.md (\"roost artifacts cat asks plan.md\")").And.MatchRegex("state +open").And.MatchRegex("until +in 1 h 59 min");
        (await RunAsync(0, "status", "asks")).Output.Should().Contain($"waits for    an answer to question {ask}").And.MatchRegex("question +Delete \\*\\*3");
        (await RunAsync(2, "inbox", ask, "--for", "ops")).Error.Should().Contain("--for is given together with a question");
        (await RunAsync(3, "inbox", "nothing-like-it")).Error.Should().Contain("\"roost inbox\" lists those that are open");
    }

    [Test]
    public async Task An_answer_lets_the_item_go_on_and_a_second_one_learns_whose_it_was()
    {
        JsonElement answered = (await RunAsync(0, "answer", ask, """{"approved":true}""", "--by", "someone", "--comment", "go ahead", "--json")).Json;
        CommandResult again = await RunAsync(0, "answer", ask, """{"approved":true}""", "--by", "someone");
        CommandResult other = await RunAsync(4, "answer", ask, """{"approved":false}""", "--by", "another");

        (answered.GetProperty("work_id").GetString(), answered.GetProperty("created").GetBoolean()).Should().Be(("asks", true));
        again.Word.Should().Be($"{ask}: answered already");
        other.Error.Should().StartWith("roost answer: ").And.Contain("answered by someone").And.Contain("""{"approved":true}""");
        (await RunAsync(0, "inbox", ask)).Output.Should().MatchRegex("answered by +someone").And.MatchRegex("comment +go ahead")
            .And.MatchRegex("state +answered");
        (await RunAsync(0, "status", "asks", "--json")).Json.GetProperty("state").GetString().Should().Be("queued");
        (await RunAsync(0, "events", "asks", "--kind", "answered")).Output.Should().Contain("someone");
    }

    [TestCase("answer: value.approved: is missing", "{}", "--by", "someone")]
    [TestCase("answer: value.approved: is a text where true or false is expected", """{"approved":"yes"}""", "--by", "someone")]
    [TestCase("answer: value: is no JSON", "yes", "--by", "someone")]
    [TestCase("answer: --by: is", "{\"approved\":true}", "--by", "")]
    [TestCase("Option '--by' is required.", "{\"approved\":true}")]
    public async Task What_is_wrong_with_an_answer_is_told_by_its_member(string told, params string[] arguments)
    {
        (await RunAsync(2, ["answer", ask, .. arguments])).Error.Should().Contain(told);

        (await RunAsync(0, "inbox", ask)).Output.Should().MatchRegex("state +open");
    }

    [Test]
    public async Task A_question_is_withdrawn_with_a_reason()
    {
        (await RunAsync(0, "withdraw", ask, "--by", "someone", "--reason", "not needed")).Word.Should().Be($"{ask}: withdrawn");

        (await RunAsync(4, "withdraw", ask, "--by", "someone")).Error.Should().Contain("withdrawn by someone");
        (await RunAsync(0, "inbox", ask)).Output.Should().MatchRegex("withdrawn by +someone");
        (await RunAsync(0, "events", "asks")).Output.Should().Contain("not needed");
    }

    [Test]
    public async Task Open_questions_are_offered()
    {
        string line = $"roost answer --db {database} ";

        (await CommandInProcess.RunAsync([$"[suggest:{line.Length}]", line])).Ends(0).Output.Split('\n').Should().Contain(ask);
    }

    /// <summary>Asks whomever the payload names, and is done.</summary>
    public static ScriptedEngine Asker() => ScriptedEngine.From((state, context) =>
    {
        if (state > 0) return ScriptedEngine.Finish(state);
        context.AddArtifactText("plan.md", "# Plan");
        return Outcome.WaitFor(1, new Wait
        {
            Ask = new Ask("Delete **3** files with token=t-secret1?")
            {
                For = context.Item.Payload.TryGetProperty("of", out JsonElement of) ? of.GetString() : null,
                Schema = JsonElement.Parse(Schema),
                Artifacts = ["plan.md"],
            },
            Timeout = TimeSpan.FromHours(2),
        });
    });

    private async Task<CommandResult> RunAsync(int code, params string[] arguments) =>
        (await CommandInProcess.RunAsync([.. arguments, "--db", database])).Ends(code);
}
