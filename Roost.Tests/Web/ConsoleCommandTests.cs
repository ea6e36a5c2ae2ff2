using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Roost.Commands;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>A command that a page offers to copy is one that a shell hands to roost whole, and that roost carries out.</summary>
[TestFixture]
internal sealed partial class ConsoleCommandTests
{
    private const string OddId = "-it's $HOME \"<b>\"";

    private static readonly Dictionary<string, string> NoVariables = [];

    [Test]
    public async Task Every_command_that_a_page_shows_works()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync(null, new ConsoleEngine(), ConsoleSignalTests.Waiter(), ScriptedEngine.From((_, _) =>
            Outcome.WaitFor(1, new Wait { Ask = new Ask("Sure?") }), "asker"));
        using var folder = new TemporaryFolder();
        string failed = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail out of luck" }) { MaxAttempts = 1 });
        string done = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "artifacts" }));
        await host.Roost.EnqueueAsync(new WorkItem("asker"));
        string waiting = await host.Roost.EnqueueAsync(new WorkItem("scripted"));
        await host.Roost.RunUntilIdleAsync();
        await host.Roost.SignalAsync(waiting, "other");
        await host.Roost.EnqueueAsync(new WorkItem("nobody") { Id = OddId, Delay = TimeSpan.FromHours(1) });
        await host.Roost.PauseAsync(PauseTarget.Item(OddId), "why", "who");

        string[] pages =
        [
            "/",
            "/system",
            "/system?check=quick",
            "/events",
            .. new[] { failed, done, waiting, OddId }.Select(ConsoleHost.ItemAddress),
            $"/events?id={Uri.EscapeDataString(OddId)}",
            $"/inbox/question?id={(await host.Roost.ListAsksAsync()).Items.Single().Id}",
            $"/work/item/artifact?id={done}&name=report.json",
        ];
        var commands = new HashSet<string>();
        foreach (string page in pages)
            commands.UnionWith(Copied().Matches(await host.ReadAsync(page)).Select(shown => WebUtility.HtmlDecode(shown.Groups[1].Value)));
        commands
            .Select(command => command.Split(' ')[1])
            .Should()
            .Contain(["status", "events", "diff", "retry", "cancel", "signal", "signals", "resume", "inbox", "artifacts", "doctor", "prune", "worker"]);

        foreach (string command in commands)
        {
            string[] words = await SplitAsync(command);
            words[0].Should().Be("roost");
            new Root(_ => { }).Parse(words[1..], new ParserConfiguration { ResponseFileTokenReplacer = null }).Errors.Should().BeEmpty(command);
            await using CommandProcess process = CommandProcess.Start(folder, NoVariables, Ending(words[1..]));
            CommandResult result = await process.EndAsync();
            result.ExitCode.Should().Be(ExitCodes.Ok, "{0} said {1}", command, result.Error);
        }
    }

    [Test]
    public async Task The_command_of_an_empty_file_enqueues()
    {
        await using ConsoleHost host = await ConsoleHost.StartAsync();
        using var folder = new TemporaryFolder();
        string command = WebUtility.HtmlDecode(Copied().Match(await host.ReadAsync("/")).Groups[1].Value);

        await using CommandProcess process = CommandProcess.Start(folder, NoVariables, (await SplitAsync(command))[1..]);
        (await process.EndAsync()).Ends(ExitCodes.Ok);

        (await host.Roost.ListAsync()).Items.Should().ContainSingle().Which.Engine.Should().Be("demo");
    }

    /// <summary>What would go on for ever is asked to end where nothing is left to do.</summary>
    private static string[] Ending(string[] words) =>
        words[0] == "worker" ? [.. words, "--until-idle"] : [.. words.Where(word => word != "--follow")];

    /// <summary>The words that a shell makes of a line.</summary>
    private static async Task<string[]> SplitAsync(string line)
    {
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"printf '%s\\0' {line}"]) { RedirectStandardOutput = true })!;
        string words = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return words.Split('\0')[..^1];
    }

    [GeneratedRegex("data-copy=\"([^\"]*)\"")]
    private static partial Regex Copied();
}
