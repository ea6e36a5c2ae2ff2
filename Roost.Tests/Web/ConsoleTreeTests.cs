using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>The console's page of a tree: what is below an item, on one axis of time, without script.</summary>
[TestFixture]
internal sealed class ConsoleTreeTests
{
    private ConsoleHost host = null!;

    [SetUp]
    public async Task StartAsync()
    {
        host = await ConsoleHost.StartAsync(null, ScriptedEngine.From((state, context) => context.Item.Id switch
        {
            "bad" when context.Attempt == 1 => throw new InvalidOperationException("token=t-secret-123456 refused"),
            "bad" => ScriptedEngine.GiveUp("never"),
            "joins" => Outcome.WaitFor(1, new Wait { Children = ChildJoin.Any with { OrFailure = true } }),
            "waits" => Outcome.WaitFor(1, new Wait { Signals = ["go"] }),
            _ => ScriptedEngine.Finish(state),
        }));
        await host.Roost.EnqueueAsync([
            Item("top"), Item("first", "top", "scripted"), Item("bad", "top", "scripted"), Item("waits", "top", "scripted"), Item("inner", "first", "scripted"),
            Item("late", "top") with { Delay = TimeSpan.FromHours(1) },
        ]);
        await host.Roost.RunUntilIdleAsync();
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    [Test]
    public async Task Every_item_has_a_row_with_its_life_drawn_and_said()
    {
        string page = await host.ReadAsync("/work/tree?id=top");

        page.Should().MatchRegex("4 children: 1 done, [^<]*1 waiting, ").And.Contain("1 child: 1 done").And.Contain("badge waiting\">waiting</span>")
            .And.Contain("badge queued\">delayed</span>").And.Contain("backoff").And.Contain("step failed")
            .And.Contain("url(#life-delayed)").And.Contain("url(#life-waiting)")
            .And.Contain("url(#life-bad)").And.MatchRegex("ran [^<]* in 2 tries, 1 failed, [^<]*backoff ")
            .And.Contain("roost tree --db").And.NotContain("t-secret");
        foreach (string id in (string[])["top", "first", "bad", "waits", "inner", "late"]) page.Should().Contain($"href=\"/work/item?id={id}\"");
        page.Should().MatchRegex("(?s)Everything below it.*<b>2</b> done.*<b>1</b> waiting");
    }

    [Test]
    public async Task An_item_s_page_links_to_its_tree_and_a_child_s_to_its_parent_s()
    {
        (await host.ReadAsync(ConsoleHost.ItemAddress("top"))).Should().Contain("href=\"/work/tree?id=top\"");
        (await host.ReadAsync(ConsoleHost.ItemAddress("late"))).Should().Contain("href=\"/work/tree?id=top\"");
        (await host.ReadAsync("/work/tree?id=inner"))
            .Should().Contain("href=\"/work/tree?id=first\"").And.Contain("href=\"/work/tree?id=top\"").And.Contain("It has no children.");
    }

    [Test]
    public async Task An_item_that_waits_for_its_children_says_so_and_that_cancelling_it_takes_them_along()
    {
        await host.Roost.EnqueueAsync([Item("joins", null, "scripted"), Item("open", "joins")]);
        await host.Roost.RunUntilIdleAsync();

        string page = await host.ReadAsync(ConsoleHost.ItemAddress("joins"));
        page.Should().Contain("<dt>Children</dt><dd>any or a failure</dd>").And.Contain("cancelled with it");
        page.Should().Contain("for any child or the failure of one").And.NotContain("for a time");
        (await host.ReadAsync(ConsoleHost.ItemAddress("late"))).Should().NotContain("cancelled with it");
    }

    [Test]
    public async Task Many_children_are_counted_and_paged_through()
    {
        await host.Roost.EnqueueAsync([.. Enumerable.Range(0, 150).Select(i => Item($"many-{i:000}", "late"))]);

        string top = await host.ReadAsync("/work/tree?id=top"), late = await host.ReadAsync("/work/tree?id=late");
        string next = System.Net.WebUtility.HtmlDecode(late.Split("rel=\"next\"")[0].Split("href=\"")[^1].Split('"')[0]);
        string second = await host.ReadAsync(next);

        top.Should().Contain("110 more: 110 queued").And.Contain("150 children: 150 queued");
        late.Should().Contain("many-149").And.NotContain("many-100");
        second.Should().Contain("many-100").And.NotContain("many-149").And.Contain("First page");
    }

    [Test]
    public async Task The_rows_stand_on_one_axis_and_fold()
    {
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();
        IPage page = await browser.OpenAsync(new() { ViewportSize = new() { Width = 390, Height = 800 } });
        await page.SignInAsync(host.Server.Link);
        await page.GotoAsync(new Uri(host.Root, "/work/tree?id=top").AbsoluteUri);

        double[] left = await page.EvaluateAsync<double[]>("[...document.querySelectorAll('.tree .life')].map(life => life.getBoundingClientRect().left)");
        left.Should().HaveCount(6).And.OnlyContain(x => Math.Abs(x - left[0]) < 1);
        await page.Locator(".tree summary").First.ClickAsync();
        (await page.Locator("a[title=inner]").IsVisibleAsync()).Should().BeFalse();
        (await page.Locator("a[title=top]").IsVisibleAsync()).Should().BeTrue();
    }

    [Test]
    public async Task An_item_that_is_not_there_has_no_tree()
    {
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri("/work/tree?id=nobody", UriKind.Relative));

        answer.StatusCode.Should().Be(System.Net.HttpStatusCode.NotFound);
    }

    private static WorkItem Item(string id, string? parent = null, string engine = "other") => new(engine) { Id = id, ParentId = parent };
}
