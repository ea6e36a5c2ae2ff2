using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>The worker's live view, on a pseudo terminal.</summary>
[TestFixture]
internal sealed class WorkerViewTests
{
    private const string CtrlC = "\u0003", Escape = "\u001b", HideCursor = "\u001b[?25l", ShowCursor = "\u001b[?25h";

    private CommandFolder roost = null!;

    [SetUp]
    public void SetUp()
    {
        Terminal.IgnoreWhereMissing("stty");
        roost = new();
    }

    [TearDown]
    public void TearDown() => roost?.Dispose();

    [Test]
    public async Task It_appears_and_is_renewed_and_the_first_ctrl_c_leaves_the_terminal_as_it_was()
    {
        await using var terminal = Terminal.Start(roost.Folder, "trap : INT; stty -g >before; roost worker; echo code-$?; stty -g >after");
        await terminal.WaitForAsync("Ctrl-C drains");
        await roost.EnqueueAsync();
        await terminal.WaitForAsync("1 done");

        await terminal.TypeAsync(CtrlC);
        await terminal.EndAsync();

        terminal.Seen.Should().Contain("code-0").And.Contain($"{Escape}[");
        terminal.Seen.LastIndexOf(ShowCursor, StringComparison.Ordinal).Should().BeGreaterThan(terminal.Seen.LastIndexOf(HideCursor, StringComparison.Ordinal));
        (await File.ReadAllTextAsync(roost.Folder["after"])).Should().Be(await File.ReadAllTextAsync(roost.Folder["before"]));
        (await roost.RunAsync("events", "--json")).Output.Should().Contain("worker_stopped");
    }

    [Test]
    public async Task The_second_ctrl_c_stops_it_and_leaves_the_terminal_as_it_was()
    {
        using var page = new StuckPage();
        (await roost.RunAsync("enqueue", "-e", "watchlist", "-p", $$"""{"url":"{{page.Url}}"}""")).Ends(0);
        await using var terminal = Terminal.Start(roost.Folder, "trap : INT; stty -g >before; roost worker --drain-time 10m; echo code-$?; stty -g >after");
        await page.Asked.WaitAsync(Gate.Patience);

        await terminal.WaitForAsync("1 running");
        await terminal.TypeAsync(CtrlC);
        await terminal.WaitForAsync("draining");
        await terminal.TypeAsync(CtrlC);
        await terminal.EndAsync();

        terminal.Seen.Should().Contain("code-130");
        terminal.Seen.LastIndexOf(ShowCursor, StringComparison.Ordinal).Should().BeGreaterThan(terminal.Seen.LastIndexOf(HideCursor, StringComparison.Ordinal));
        (await File.ReadAllTextAsync(roost.Folder["after"])).Should().Be(await File.ReadAllTextAsync(roost.Folder["before"]));
    }

    [Test]
    public async Task An_id_that_was_given_is_shown_whole()
    {
        await roost.EnqueueAsync("--id", "invoice-2026-000123");
        await using var terminal = Terminal.Start(roost.Folder, "roost worker --until-idle", ("COLUMNS", "160"));

        await terminal.EndAsync();

        terminal.Seen.Should().Contain("invoice-2026-000123");
    }

    [Test]
    public async Task Without_colour_where_that_was_asked_for()
    {
        await roost.EnqueueAsync();
        await using var terminal = Terminal.Start(roost.Folder, "roost list; roost worker --until-idle", ("NO_COLOR", "1"));

        await terminal.EndAsync();

        terminal.Seen.Should().Contain("demo").And.NotMatchRegex(@"\u001b\[(?![01]m)[0-9;]*m");
    }

    [Test]
    public async Task No_word_of_a_table_is_broken_on_80_columns()
    {
        await roost.EnqueueAsync();
        await using var terminal = Terminal.Start(roost.Folder, "stty cols 80; roost stats", ("NO_COLOR", "1"));

        await terminal.EndAsync();

        terminal.Seen.Should().MatchRegex("delayed +blocked +running +waiting +done +failed +cancelled");
    }

    [Test]
    public async Task Plain_lines_where_the_output_is_redirected_or_that_was_asked_for()
    {
        await roost.EnqueueAsync();
        await using var redirected = Terminal.Start(roost.Folder, "roost worker --until-idle >lines; roost worker --until-idle --plain");

        (await redirected.EndAsync()).Should().Be(0);

        (await File.ReadAllTextAsync(roost.Folder["lines"])).Should().Contain("done").And.NotContain(Escape);
        redirected.Seen.Should().Contain("worker_started").And.NotMatchRegex(@"\u001b\[[0-9;]*[A-Za-z]");
    }
}
