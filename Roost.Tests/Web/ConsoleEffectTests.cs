using System.Net;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>Effects in the console: within the try of their step, and in the inbox where nobody knows whether one has happened.</summary>
[TestFixture]
internal sealed class ConsoleEffectTests
{
    private const string Item = "paying-item", Many = "many-effects";

    private sealed record Receipt(string Id, int Amount);

    private ConsoleHost host = null!;
    private AskInfo ask = null!;
    private bool isBroken;

    [SetUp]
    public async Task StartAsync()
    {
        var begun = new Gate();
        int tries = 0;
        isBroken = false;
        host = await ConsoleHost.StartAsync(null, new ScriptedEngine(async (state, context) =>
        {
            if (context.Item.Id == Many)
            {
                for (int i = 1; i <= 51; i++) await context.OnceAsync("call", _ => Task.FromResult("token=t-secret-123456"));
                return ScriptedEngine.Finish(state);
            }
            bool isFirst = Interlocked.Increment(ref tries) == 1;
            await context.OnceAsync("quote", _ => Task.FromResult(new Receipt("q-1", 7)));
            await context.OnceAsync("pay", async token =>
            {
                if (isFirst) await begun.UntilFiredAsync(token);
                token.ThrowIfCancellationRequested();
                return new Receipt("r-1", 7);
            }, new() { Interrupted = Effect.Ask, Arguments = new { amount = 7, password = "swordfish" } });
            return isBroken ? ScriptedEngine.GiveUp("broken") : ScriptedEngine.Finish(state);
        }));
        await host.Roost.EnqueueAsync(new WorkItem("scripted") { Id = Item });
        Task running = host.Roost.RunUntilIdleAsync();
        await begun.Reached;
        await host.Roost.ReleaseLeaseAsync(Item);
        await running.Soon();
        ask = (await host.Roost.ListAsksAsync()).Items.Single();
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    private string Question => $"/inbox/question?id={ask.Id}";

    private async Task<string> AnswerAsync(Dictionary<string, string> fields)
    {
        fields["id"] = ask.Id;
        fields["by"] = "someone";
        fields["back"] = Question;
        using HttpResponseMessage answer = await host.PostAsync("answer", fields, form: await host.FormTokenAsync(Question));
        return WebUtility.HtmlDecode(await host.ReadAsync(answer.Headers.Location!.OriginalString.Split('#')[0]));
    }

    [Test]
    public async Task The_item_shows_its_effects_within_the_try_and_by_themselves()
    {
        string page = await host.ReadAsync(ConsoleHost.ItemAddress(Item));

        page.Should().Contain("class=\"effect\"").And.Contain("<title>effect quote: ").And.Contain("effect pay: unknown</title>")
            .And.Contain("2 recorded").And.Contain("Answer the question").And.Contain("history --effects").And.NotContain("swordfish");
        HtmlCheck.Dangers(page).Should().BeEmpty();
    }

    [Test]
    public async Task The_tree_draws_the_effects_of_each_item_within_its_tries_and_says_where_that_is_not_all()
    {
        await host.Roost.EnqueueAsync(new WorkItem("scripted") { Id = Many, ParentId = Item });
        (await host.Roost.RunUntilDoneAsync(Many).Soon()).State.Should().Be(WorkState.Done);

        string tree = await host.ReadAsync($"/work/tree?id={Item}");
        host.Roost.Execute("UPDATE roost_effect SET result = '1' WHERE name = 'call' AND n = 7");
        string damaged = await host.ReadAsync($"/work/tree?id={Item}");

        tree.Should().Contain("; 2 effects, 1 unknown</span>").And.Contain("; at least 50 effects</span>").And.Contain("effect quote: ")
            .And.Contain("effect pay: unknown</title>").And.Contain("effect call: ").And.NotContain("call#51")
            .And.Contain("effect within a try").And.Contain("Of 1 item only the first 50 effects are drawn").And.NotContain("t-secret");
        HtmlCheck.Dangers(tree).Should().BeEmpty();
        damaged.Should().Contain("; 2 effects, 1 unknown</span>").And.Contain("Of 1 item no effects are drawn: a record of one is damaged.");
    }

    [Test]
    public async Task The_question_shows_what_it_is_about_and_cannot_be_withdrawn()
    {
        string page = await host.ReadAsync(Question);

        page.Should().Contain("<strong>pay</strong>").And.Contain((await host.Roost.ListEffectsAsync(Item)).Items[1].Key).And.NotContain("withdraw");
        page.Should().MatchRegex("name=\"answer.0\" value=\"0\"[^>]* required").And.NotMatchRegex("name=\"answer.1.0\"[^>]* required");
    }

    [Test]
    public async Task Each_answer_is_given_by_the_form()
    {
        (await AnswerAsync(new() { ["answer.0"] = "0" })).Should().Contain("is missing: give the result with which the effect has happened");
        (await AnswerAsync(new() { ["answer.0"] = "1", ["answer.1.0"] = "x", ["answer.1.1"] = "1" })).Should().Contain("leave it out");
        (await AnswerAsync(new() { ["answer.0"] = "0", ["answer.1.0"] = "r-9", ["answer.1.1"] = "7" })).Should().Contain("The answer was accepted");

        (await host.Roost.RunUntilDoneAsync(Item).Soon()).State.Should().Be(WorkState.Done);
        (await host.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().Contain("told by someone").And.Contain("r-9");
    }

    [Test]
    public async Task A_dead_letter_is_retried_fresh()
    {
        isBroken = true;
        (await AnswerAsync(new() { ["answer.0"] = "1" })).Should().Contain("The answer was accepted");
        (await host.Roost.RunUntilDoneAsync(Item).Soon()).State.Should().Be(WorkState.Failed);
        (await host.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().Contain("Retry fresh");

        using HttpResponseMessage answer = await host.PostAsync(
            "retry-fresh", new() { ["id"] = Item }, form: await host.FormTokenAsync(ConsoleHost.ItemAddress(Item)));

        (await host.Roost.ListEffectsAsync(Item)).Items.Should().BeEmpty();
        host.Roost.EventData(Item, EventKinds.Retried).Should().Contain("\"fresh\":true");
    }
}
