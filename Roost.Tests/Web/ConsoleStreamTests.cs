using System.Net;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>What a running step says, in the console: the end of its streams, and a bar where there is progress.</summary>
[TestFixture]
internal sealed class ConsoleStreamTests
{
    private const string Item = "writing-item";

    private Gate gate = null!;
    private ConsoleHost host = null!;
    private Task running = Task.CompletedTask;

    [SetUp]
    public async Task StartAsync()
    {
        gate = new();
        host = await ConsoleHost.StartAsync(null, new ScriptedEngine(async (state, context) =>
        {
            StepStream tokens = context.OpenStream("tokens <b>");
            tokens.Write(new string('x', 20_000) + "\nmy password=swordfish <script>alert(1)</script>\u202e the end so far");
            context.Report(0.25, "page 3 of 12, token=abcdefgh");
            await tokens.FlushAsync();
            await gate.PassAsync();
            return ScriptedEngine.Finish(state);
        }));
        await host.Roost.EnqueueAsync(new WorkItem("scripted") { Id = Item });
        running = host.Roost.RunUntilDoneAsync(Item);
        await gate.Reached;
    }

    [TearDown]
    public async Task StopAsync()
    {
        gate.Open();
        await running.Soon();
        running.Dispose();
        await host.DisposeAsync();
    }

    [Test]
    public async Task The_item_shows_the_end_of_its_stream_and_how_far_it_is()
    {
        string page = await host.ReadAsync(ConsoleHost.ItemAddress(Item));

        page.Should().Contain("Stream tokens &lt;b&gt;").And.Contain("the end so far").And.Contain("19.6 KiB written, the end of it")
            .And.Contain("try 1 of the step from version 1, not committed").And.Contain("aria-label=\"25 %, page 3 of 12, token=***\"")
            .And.Contain("stream --follow").And.NotContain("swordfish").And.NotContain("abcdefgh").And.NotContain(new string('x', 5000));
        HtmlCheck.Dangers(page).Should().BeEmpty();
        gate.Open();
        await running.Soon();
        (await host.ReadAsync(ConsoleHost.ItemAddress(Item))).Should().NotContain("not committed").And.NotContain("25 %", "it is done");
    }

    [Test]
    public async Task The_list_shows_a_bar_while_it_has_not_ended()
    {
        (await host.ReadAsync("/work")).Should().Contain("25 %, page 3 of 12, token=***").And.Contain("progress small");
        gate.Open();
        await running.Soon();
        (await host.ReadAsync("/work")).Should().NotContain("progress small");
    }

    [Test]
    public async Task Tries_are_told_apart_and_of_many_streams_those_that_were_written_to_last_are_shown()
    {
        await using ConsoleHost other = await ConsoleHost.StartAsync(null, ScriptedEngine.From((state, context) =>
        {
            if (state == 0)
            {
                for (int n = 0; n < 9; n++) context.OpenStream($"early {n}").Write("early");
                return ScriptedEngine.GoOn(1);
            }
            context.OpenStream("early 3").Write($"{context.Attempt} once upon");
            throw new IOException("broken");
        }));
        await other.Roost.EnqueueAsync(new WorkItem("scripted") { Id = Item, MaxAttempts = 1 });
        await other.Roost.RunUntilIdleAsync();
        await other.Roost.RetryAsync(Item);
        await other.Roost.RunUntilIdleAsync();

        string page = WebUtility.HtmlDecode(await other.ReadAsync(ConsoleHost.ItemAddress(Item)));

        page.Should().Contain("early\n1 once upon\n(try 2 of the step from version 2 begins anew)\n1 once upon").And.Contain("4 others with text");
        page.IndexOf("Stream early 3", StringComparison.Ordinal).Should().BeLessThan(page.IndexOf("Stream early 0", StringComparison.Ordinal));
    }
}
